/** A server's refusal in words, its code in front: the code is what people and answers search for. */

/** `refresh_token_reused: Your refresh token …`; a message that names the code already stays as it is. */
export function refusalWords(refusal: {
  readonly code: string | null;
  readonly status: number;
  readonly message: string;
}): string {
  const { code, status, message } = refusal;
  if (code !== null && message.includes(code)) return message;
  return [code ?? `HTTP ${status}`, message].filter((part) => part !== '').join(': ');
}

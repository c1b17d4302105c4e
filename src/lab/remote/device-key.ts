/** Device keys of controllers: ECDSA on P-256, the public half as SPKI in DER and base64. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { textField } from '../exchange.ts';

/** The key, or `undefined` when the text is none. */
function deviceKey(spkiBase64: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spkiBase64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** Whether that key signed the payload that the proof carries (`signed_payload_base64`, `signature_der_base64`). */
export function isProven(spkiBase64: string, proof: Readonly<Record<string, unknown>>): boolean {
  const key = deviceKey(spkiBase64);
  if (key === undefined) return false;
  const payload = Buffer.from(textField(proof, 'signed_payload_base64'), 'base64');
  const signature = Buffer.from(textField(proof, 'signature_der_base64'), 'base64');
  return verify('sha256', payload, { key, dsaEncoding: 'der' }, signature);
}

/** The package or program itself, not one whose name only begins so (codexbar, codex-plus). */
export const THIS_CODEX = ['@openai/codex', '¦codex¦', 'codex-cli'] as const;

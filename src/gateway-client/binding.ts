/** Whether the packaged app is bound to a gateway: what our record says, held against what `config.toml` says. */
import { readConfig } from '../codex/config-file.ts';
import { type CodexReader, readIn } from '../codex/home.ts';
import { type BindRecord, readBindRecord } from './bind-record.ts';

/** The provider that codex-multi-auth (2.8.7) puts into `config.toml` when it binds the app. */
export const RIVAL_PROVIDER = 'codex-multi-auth-runtime-proxy';

export type Binding =
  | { readonly kind: 'none' }
  | { readonly kind: 'bound'; readonly record: BindRecord; readonly configPath: string }
  /** The config was changed since, by `steward undo` or by hand; the service is still ours to end. */
  | { readonly kind: 'half'; readonly record: BindRecord; readonly configPath: string }
  | { readonly kind: 'rival'; readonly configPath: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string };

export const readBinding: CodexReader<Binding> = async (scope) => {
  const [record, config] = await Promise.all([readIn(scope, readBindRecord), readIn(scope, readConfig)]);
  const settings = config.kind === 'ok' ? config.value.value : {};
  const configPath = config.path;
  if (record.kind === 'malformed' || record.kind === 'unreadable')
    return { kind: 'unreadable', path: record.path, reason: record.message };
  if (record.kind === 'ok') {
    const isNamed = settings.openai_base_url === record.value.baseUrl;
    return { kind: isNamed ? 'bound' : 'half', record: record.value, configPath };
  }
  return settings.model_provider === RIVAL_PROVIDER ? { kind: 'rival', configPath } : { kind: 'none' };
};

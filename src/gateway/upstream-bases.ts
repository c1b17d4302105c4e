/**
 * Where this home's model traffic goes without us: the user's own `openai_base_url` in every login mode, else the official
 * endpoints (`chatgpt_base_url` does not move the model traffic, measured with Codex 0.133 and 0.169).
 */
import { effectiveText, readConfigLayers } from '../codex/config-layers.ts';
import type { CodexReader, CodexScope } from '../codex/home.ts';
import { readBindRecord } from '../gateway-client/bind-record.ts';
import { OFFICIAL_BASES, type UpstreamBases } from './upstream-route.ts';

/** A base of ours that stands in the settings (the app is bound to the gateway): to forward there would be a circle. */
const OURS = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+\/[A-Za-z0-9_-]{32,256}\/v1\/?$/;

/** The bases to forward to. A setting that is no http(s) URL is passed over; the doctor tells of it. */
export const readUpstreamBases: CodexReader<UpstreamBases> = async (scope) => {
  const own = effectiveText(await readConfigLayers(scope), 'openai_base_url')?.value.trim() ?? '';
  const base = OURS.test(own) ? await formerBase(scope) : own;
  return isHttp(base) ? { chatgpt: base, apiKey: base } : OFFICIAL_BASES;
};

/** What stood there before the app was bound; empty for the official endpoints. */
async function formerBase(scope: CodexScope): Promise<string> {
  const record = await readBindRecord(scope);
  return (record.kind === 'ok' && record.value.formerBaseUrl) || '';
}

function isHttp(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false; // told by the doctor
  }
}

/**
 * The limits that ride on every model answer, also on a 429 and on a WebSocket's error frame: the one place that reads
 * these headers (understood by Codex 0.133 to 0.169; `x-codex-plan-type` and `…-reset-after-seconds` by other clients).
 */
import { plainText } from '../plain-text.ts';
import { windowOf } from './limit-values.ts';
import type { AdditionalLimit, Credits, Usage, UsageWindow } from './usage-facts.ts';

/** `x-codex-primary-used-percent`, `x-codex-bengalfox-secondary-reset-at`, … */
const WINDOW =
  /^x-codex-(?:([a-z0-9-]{1,40})-)?(primary|secondary)-(?:used-percent|window-minutes|reset-at|reset-after-seconds)$/;
const MAX_NAME = 100;
const MAX_ADDITIONAL = 32;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `null` when the answer carries no limits. Never throws; a header that makes no sense is as good as none. */
export function parseRateLimitHeaders(headers: Headers, now: number): Usage | null {
  const own = new Map<string, string>();
  const groups = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const first = typeof value === 'string' ? value : value?.[0];
    if (first === undefined || name.length > MAX_NAME) continue;
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-codex-')) continue;
    own.set(lower, first);
    const group = WINDOW.exec(lower)?.[1];
    if (group !== undefined && groups.size < MAX_ADDITIONAL) groups.add(group);
  }
  const windows = windowsOf(own, '', now);
  const additional = [...groups].flatMap((group) => additionalOf(own, group, now));
  const credits = creditsOf(own);
  const hasCredits = credits !== null && (credits.hasCredits || credits.isUnlimited);
  const reachedType = plainText(own.get('x-codex-rate-limit-reached-type'));
  if (windows.length === 0 && additional.length === 0 && credits === null && reachedType === null)
    return null;
  return {
    planType: plainText(own.get('x-codex-plan-type')),
    windows,
    additional,
    limitReached: reachedType !== null || (!hasCredits && windows.some(isFull)),
    reachedType,
    credits,
    hasCredits,
    fetchedAt: now,
  };
}

function windowsOf(own: ReadonlyMap<string, string>, group: string, now: number): readonly UsageWindow[] {
  return ['primary', 'secondary'].flatMap((which) => {
    const prefix = `x-codex-${group}${which}`;
    const window = windowOf(
      {
        usedPercent: numberOf(own.get(`${prefix}-used-percent`)),
        windowMinutes: numberOf(own.get(`${prefix}-window-minutes`)),
        resetAt: numberOf(own.get(`${prefix}-reset-at`)),
        resetAfterSeconds: numberOf(own.get(`${prefix}-reset-after-seconds`)),
      },
      now,
    );
    return window === null ? [] : [window];
  });
}

/** The group `bengalfox` is the limit `codex_bengalfox`, as `x-codex-active-limit` names it. */
function additionalOf(
  own: ReadonlyMap<string, string>,
  group: string,
  now: number,
): readonly AdditionalLimit[] {
  const windows = windowsOf(own, `${group}-`, now);
  if (windows.length === 0) return [];
  return [
    {
      id: `codex_${group.replaceAll('-', '_')}`,
      name: plainText(own.get(`x-codex-${group}-limit-name`)),
      limitReached: windows.some(isFull),
      windows,
    },
  ];
}

function creditsOf(own: ReadonlyMap<string, string>): Credits | null {
  const hasCredits = flagOf(own.get('x-codex-credits-has-credits'));
  const isUnlimited = flagOf(own.get('x-codex-credits-unlimited'));
  const balance = plainText(own.get('x-codex-credits-balance'), 40);
  if (hasCredits === null && isUnlimited === null && balance === null) return null;
  return { hasCredits: hasCredits ?? false, isUnlimited: isUnlimited ?? false, balance };
}

function isFull({ usedPercent }: UsageWindow): boolean {
  return usedPercent >= 100;
}

function flagOf(text: string | undefined): boolean | null {
  const word = text?.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : null;
}

/** Plain decimal only: `Number` would also take `0x10`, `1e9` and an empty text. */
function numberOf(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  return /^\d{1,15}(?:\.\d{1,15})?$/.test(trimmed) ? Number(trimmed) : null;
}

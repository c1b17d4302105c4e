/** The versions and systems that a post names: under the headings of the official template, as `name: value`, or in passing. */
import type { Passage } from './passages.ts';

export interface EnvironmentSaid {
  readonly version: string | null;
  readonly platform: string | null;
  readonly plan: string | null;
  readonly model: string | null;
}

type Fact = keyof EnvironmentSaid;

const SHOWN = 120;
/** What the template asks, for the command line, the app and the extension. */
const ASKED: readonly (readonly [Fact, RegExp])[] = [
  ['version', /\bwhat version\b/i],
  ['platform', /\bwhat platform\b|^host os$/i],
  ['plan', /\bwhat (?:subscription|plan)\b/i],
  ['model', /\bwhich model\b/i],
];
const NAMED: readonly (readonly [Fact, RegExp])[] = [
  [
    'version',
    /^(?:(?:bundled|embedded|path|local|openai) )?codex(?:[ -](?:cli|app|desktop|macos|version|package|bundle|\w+-server))*(?:\/[\w-]+ bundle)?(?: 版本)?$|^(?:cli|(?:desktop )?app|client|codex)?[ -]?version$|^env(?:ironment)?$/i,
  ],
  ['platform', /^(?:(?:host |desktop |operating )?(?:os|system)|platform|os version)$/i],
  ['plan', /^(?:subscription|(?:account )?plan|account)$/i],
  ['model', /^model$/i],
];
const PAIR = /^([\p{L}][\p{L} /_-]{1,40}?)\s*[:：]\s*(.{1,200})$/u;
const VERSION = /\d+\.\d+/;
const IN_PASSING =
  /(?<![\w@/.-])codex(?:[- ](?:cli|app|desktop))?(?:[ :`(]|version){1,12}v?(\d+\.\d+(?:\.\d+)?[\w.-]*)/i;
const SYSTEM =
  /\b(?:[Mm]ac ?(?:OS|os)|OS X|Darwin|Windows (?:NT |Server )?(?:\d|Subsystem)|Windows[ _](?:x64|arm64)|Ubuntu|Debian|Fedora|Arch Linux|Linux|WSL ?2?|win(?:7|10|11))(?:[ (]+\w(?:[\w.()-]{0,18}\w)?\)?){0,2}/;

/** What one post says; `null` where it names neither a version nor a plan nor a model under a heading. */
export function environmentOf(passages: readonly Passage[]): EnvironmentSaid | null {
  const found: Partial<Record<Fact, string>> = {};
  const keep = (fact: Fact, value: string) => {
    const clean = value.replace(/[`*]/g, '').trim().slice(0, SHOWN);
    if (clean === '' || /^_?No response_?$/i.test(clean)) return;
    if (fact === 'version' && !VERSION.test(clean)) return;
    const known = found[fact];
    // Somebody with the app and the command line has two versions.
    if (known === undefined) found[fact] = clean;
    else if (fact === 'version' && !known.includes(clean) && !clean.includes(known) && known.length < SHOWN)
      found[fact] = `${known}, ${clean}`;
  };
  for (const { kind, text, heading } of passages) {
    const asked = ASKED.find(([, pattern]) => pattern.test(heading));
    if (asked !== undefined && kind !== 'quote') keep(asked[0], text);
    if (kind === 'code') keep('version', /\bOpenAI Codex \(v(\d+\.[\w.-]+)\)/.exec(text)?.[1] ?? '');
    if (kind === 'code' || kind === 'quote') continue;
    const [, name = '', value = ''] = PAIR.exec(text.replace(/[*`]/g, '')) ?? [];
    const named = NAMED.find(([, pattern]) => pattern.test(name.trim()));
    if (named !== undefined) keep(named[0], value);
  }
  const prose = passages.filter(({ kind }) => kind === 'sentence' || kind === 'item').map(({ text }) => text);
  for (const text of prose) {
    if (
      /\b(?:(?:npm|pnpm|bun|yarn|brew) (?:i|install|add|update|upgrade|view)|npx|(?:down|up)grad|roll(?:ed)? ?back|(?<!not )fixed in)\b/i.test(
        text,
      )
    )
      continue;
    keep('version', IN_PASSING.exec(text)?.[1] ?? '');
  }
  if (found.version === undefined && found.plan === undefined && found.model === undefined) {
    if (found.platform === undefined) return null;
  }
  if (found.platform === undefined)
    keep('platform', prose.map((text) => SYSTEM.exec(text)?.[0]).find(Boolean) ?? '');
  const { version = null, platform = null, plan = null, model = null } = found;
  return { version, platform, plan, model };
}

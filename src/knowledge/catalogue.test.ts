/** The catalogue as a whole: complete, readable, and never proposing what must not be done. */
import { describe, expect, it } from 'vitest';
import { redact } from '../storage/redact.ts';
import { CATALOGUE, failureEntry } from './catalogue.ts';
import { FAILURE_IDS } from './ids.ts';
import { compileWording } from './matcher/wording.ts';
import type { FailureEntry } from './types.ts';

/** Entries that are no failure of Codex: nothing in a text shows them. */
const WITHOUT_SIGNALS = new Set(['none', 'doctor.check_failed']);

const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  [
    'full access',
    /danger-full-access|dangerously-bypass|--yolo|bypass-approvals|sandbox_mode\s*=\s*"?danger/i,
  ],
  [
    'no TLS checks',
    /NODE_TLS_REJECT_UNAUTHORIZED|strict-ssl|insecure\b|skip[-_ ]?(?:tls|ssl|cert)|verify\s*=\s*false|sslVerify|curl [^`]*-k\b|disabl\w+ (?:tls|ssl|certificate)|turn off (?:tls|ssl|certificate)/i,
  ],
  [
    'deleting sessions or the home',
    /\brm\b[^`]*(?:sessions|rollout|\.codex\b(?!\/(?:log|tmp)))|(?:delete|remove|erase)[^.`]*(?:your |the |all )?(?:sessions|rollouts?|session files|conversation history)\b/i,
  ],
  ['killing by name', /\bpkill\b|\bkillall (?!-HUP)|taskkill[^`]*\/IM|Stop-Process\s+-Name|kill -9/i],
  ['retrying a spent token', /retry[^.]*(?:refresh|spent) token/i],
  ['evading a safety flag', /switch[^.]*account[^.]*(?:evade|avoid|around)/i],
];

/** A sentence that forbids a thing names it too. */
const FORBIDS = /\b(?:never|not|no|without|instead of|rather than|nothing|don't|do not)\b/i;

function advice({ fix }: FailureEntry): string[] {
  return [fix.summary, ...fix.steps, ...Object.values(fix.platformSteps ?? {}).flat()];
}

describe('the catalogue', () => {
  it('has exactly one entry for each id', () => {
    expect(CATALOGUE.map(({ id }) => id).sort()).toEqual([...FAILURE_IDS].sort());
    for (const id of FAILURE_IDS) expect(failureEntry(id).id).toBe(id);
  });

  it.each(CATALOGUE.map((entry) => [entry.id, entry] as const))('%s reads well', (_, entry) => {
    expect(entry.title).toMatch(/^[A-Za-z0-9`].{3,70}[^.!:\s]$/);
    expect(entry.cause, 'one sentence').toMatch(/^[^\n]{20,400}[.]$/);
    expect(sentences(entry.cause), entry.cause).toBe(1);
    expect(entry.fix.summary).toMatch(/^[^\n]{8,400}[.]$/);
    if (entry.fixClass === 'C' || entry.fixClass === 'U') expect(entry.fix.steps).not.toEqual([]);
    for (const step of advice(entry)) {
      expect(step).toBe(step.trim());
      expect(step).not.toBe('');
      expect((step.match(/`/g) ?? []).length % 2, step).toBe(0);
      expect(redact(step), 'as it is shown').toBe(step);
    }
    expect(new Set(entry.fix.steps).size).toBe(entry.fix.steps.length);
  });

  it.each(CATALOGUE.map((entry) => [entry.id, entry] as const))(
    '%s proposes nothing forbidden',
    (_, entry) => {
      for (const text of advice(entry)) {
        for (const sentence of text.split(/(?<=[.;:])\s+/)) {
          for (const [what, pattern] of FORBIDDEN) {
            if (pattern.test(sentence) && !FORBIDS.test(sentence)) expect.fail(`${what}: ${sentence}`);
          }
        }
      }
    },
  );

  it('changes nothing where only waiting helps', () => {
    for (const entry of CATALOGUE.filter(({ fixClass }) => fixClass === 'W')) {
      for (const text of advice(entry)) {
        expect(text, entry.id).not.toMatch(/--fix\b|\brm\b|reinstall|delete/i);
      }
    }
  });

  it('says for each failure how it shows itself, in wordings that compile', () => {
    for (const { id, signals } of CATALOGUE) {
      expect(signals.length > 0, id).toBe(!WITHOUT_SIGNALS.has(id));
      for (const { says, with: together = [], not = [], weight, over = [] } of signals) {
        for (const wording of [says, ...together, ...(not.length === 0 ? [] : [not])]) {
          const compiled = compileWording(wording);
          expect(compiled.length, id).toBeGreaterThan(0);
          for (const { anchor } of compiled) expect(anchor, `${id}: ${String(wording)}`).not.toBe('');
        }
        expect(weight, id).toBeGreaterThan(0);
        expect(weight, id).toBeLessThan(1);
        expect(over, id).not.toContain(id);
      }
    }
  });

  it('believes a log line only on a signal that is exact', () => {
    for (const { id, signals } of CATALOGUE) {
      for (const { log, weight, says } of signals) {
        if (log) expect(weight, `${id}: ${String(says)}`).toBeGreaterThanOrEqual(0.6);
      }
    }
  });

  it('refers to public threads as owner/repo#number, each once', () => {
    for (const { id, references } of CATALOGUE) {
      for (const reference of references) expect(reference, id).toMatch(/^[\w.-]+\/[\w.-]+#\d+$/);
      expect(new Set(references).size, id).toBe(references.length);
    }
  });
});

/** Full stops that end a sentence: not those of `config.toml`, "e.g." or a version. */
function sentences(text: string): number {
  return (
    text
      .replace(/`[^`]*`/g, 'x')
      .replace(/\b(?:e\.g|i\.e|etc|vs)\./g, 'x')
      .match(/[.!?](?=\s+[A-Z`]|$)/g)?.length ?? 0
  );
}

/** The commands shown in README.md and docs/ are run as they stand there, in one home with one fault, page by page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configure } from '../faults/change.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { runProgram } from '../support/real-codex.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STEWARD = join(ROOT, 'dist', 'steward.cjs');

const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Lines of `sh` blocks that start with `steward`, without their comments. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return (
    [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
      .flatMap((block) => (block[1] ?? '').split('\n'))
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line.startsWith('steward '))
      // Serves until Ctrl-C; the CLI tests follow it.
      .filter((line) => !line.startsWith('steward lab start'))
  );
}

/** A shell's words: quotes hold them together. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

describe.each(PAGES.filter((page) => commandsOf(page).length > 0))('the commands shown in %s', (page) => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await makeWorld('codex-newest', 'npm');
    await configure(world, '[tui]\nnotifications = true\nnotifications = false');
  });
  afterAll(() => world.remove());

  it.each(commandsOf(page))('%s', async (command) => {
    const [, ...args] = wordsOf(command);
    const ran = await runProgram(process.execPath, [STEWARD, ...args], {
      env: world.env,
      cwd: world.project,
    });
    expect([0, 1], ran.stderr).toContain(ran.code);
    expect(ran.stdout).not.toBe('');
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/fault of steward itself|unknown (option|command)/);
  });
});

describe('the set-up commands of README.md', () => {
  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const named = [...text.matchAll(/^npm ci && npm (?:run )?(\w+)$/gm)].map((match) => match[1] ?? '');
    expect(named).toEqual(['doctor', 'test']);
    for (const name of named) expect(scripts).toHaveProperty(name);
  });
});

describe('links', () => {
  it.each(PAGES)('of %s lead to files that exist', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const folder = page.includes('/') ? join(ROOT, 'docs') : ROOT;
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(() => readFileSync(join(folder, target ?? '')), `${page} → ${target}`).not.toThrow();
    }
  });
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createChunkLoader } from './chunk-loader.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steward-chunks-'));
  writeFileSync(
    join(folder, 'main.cjs'),
    `const { base } = require('./base.cjs');
     exports.sum = (n) => base + n;
     exports.later = () => Promise.resolve().then(() => require('./later.cjs'));
     exports.separator = require('node:path').sep;`,
  );
  writeFileSync(join(folder, 'base.cjs'), 'exports.base = 40;');
  writeFileSync(join(folder, 'later.cjs'), "exports.sameBase = require('./base.cjs');");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Main {
  sum(n: number): number;
  later(): Promise<{ readonly sameBase: object }>;
  readonly separator: string;
}

const keptFolder = () => join(folder, `compiled-${process.version}-${process.platform}-${process.arch}`);
const keptFile = () => join(keptFolder(), 'main.cjs.bin');

async function runOnce(): Promise<void> {
  const loader = createChunkLoader(folder);
  const main = loader.load('main.cjs') as Main;
  expect(main.sum(2)).toBe(42);
  expect(main.separator).toBe('/');
  expect((await main.later()).sameBase).toBe(loader.load('base.cjs'));
  loader.keep();
}

test('keeps what it compiled, in a file for each dynamic import, and uses it from then on', async () => {
  await runOnce();
  expect(readdirSync(keptFolder()).sort()).toEqual(['later.cjs.bin', 'main.cjs.bin']);
  const { ino } = statSync(keptFile());
  await runOnce();
  expect(statSync(keptFile()).ino).toBe(ino);
});

test.each([
  ['empty', ''],
  ['of something else', 'not compiled code'],
])('compiles anew where the kept file is %s, and keeps that', async (_what, text) => {
  await runOnce();
  const kept = readFileSync(keptFile());
  writeFileSync(keptFile(), text);
  await runOnce();
  expect(readFileSync(keptFile()).length).toBe(kept.length);
});

test('takes no harm from a kept file that was cut off or changed', async () => {
  await runOnce();
  const kept = readFileSync(keptFile());
  for (const length of [20, kept.length >> 1, kept.length - 1]) {
    writeFileSync(keptFile(), kept.subarray(0, length));
    await runOnce();
  }
  for (let place = 0; place < kept.length; place += kept.length >> 4) {
    const changed = Buffer.from(kept);
    changed[place] = 0xff & ~(changed[place] as number);
    writeFileSync(keptFile(), changed);
    await runOnce();
  }
});

test('runs where nothing can be kept', async () => {
  writeFileSync(keptFolder(), 'a file where the folder should be');
  await runOnce();
  expect(readdirSync(folder).sort()).toEqual(
    ['base.cjs', 'later.cjs', 'main.cjs', keptFolder().slice(folder.length + 1)].sort(),
  );
  expect(existsSync(keptFile())).toBe(false);
});

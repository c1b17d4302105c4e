import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { codexBinary, temporaryFolder } from '../../../test/support/real-codex.ts';
import { createHost } from '../../host.ts';
import { createContext } from '../context.ts';
import { ideCheck } from './install-ide.ts';

let folder: { path: string; remove: () => Promise<void> };
let place: string;
let count = 0;

beforeAll(async () => {
  folder = await temporaryFolder('steward-ide');
});
afterAll(() => folder.remove());
beforeEach(async () => {
  place = join(folder.path, String(count++));
  await mkdir(place);
});

function run() {
  const host = createHost({ env: { PATH: '' }, userHome: place, root: join(place, 'root') });
  const home = { path: join(place, '.codex'), source: 'default' as const };
  return ideCheck.run(createContext({ host, home, signal: new AbortController().signal, live: false }));
}
async function extension(): Promise<string> {
  const path = join(place, '.vscode/extensions/openai.chatgpt-0.5.1-linux-x64/bin/linux-x86_64/codex');
  await mkdir(dirname(path), { recursive: true });
  return path;
}
async function settings(text: string): Promise<string> {
  const file = join(place, '.config', 'Code', 'User', 'settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

it('has nothing to say without an editor', async () => {
  expect(await run()).toMatchObject({ status: 'ok', problems: [] });
});

it('is content with an extension whose Codex can be started', async () => {
  await symlink(codexBinary('codex-newest'), await extension());
  await settings(`// mine\n{ "chatgpt.cliExecutable": "${codexBinary('codex-newest')}", }`);
  expect(await run()).toMatchObject({ status: 'ok', problems: [] });
});

it.each([
  ['missing', async () => void (await extension()), /has no Codex for this machine \(linux/],
  ['damaged', async () => chmodded(await extension(), ''), /is not a program/],
])('finds an extension whose Codex is %s', async (_what, make, cause) => {
  await make();
  const [problem] = (await run()).problems;
  expect(problem?.finding).toMatchObject({ id: 'install.ide_process', cause: expect.stringMatching(cause) });
});

async function chmodded(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

it('finds the line that names a program which does not exist', async () => {
  const file = await settings('{\n  // old\n  "chatgpt.cliExecutable": "/opt/gone/codex",\n}\n');
  const [problem] = (await run()).problems;
  expect(problem?.finding).toMatchObject({
    id: 'install.ide_process',
    subject: file,
    evidence: [{ where: `${file}:3` }, { where: '/opt/gone/codex', what: 'does not exist' }],
  });
});

it.each(['', '[', '{"chatgpt.cliExecutable": 5}', '"chatgpt.cliExecutable"'])(
  'is not upset by settings that read %j',
  async (text) => {
    await settings(text);
    expect(await run()).toMatchObject({ status: 'ok', problems: [] });
  },
);

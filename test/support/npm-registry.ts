/** A local npm registry with one package, `@openai/codex`, made of the installed test binaries: for repairs that run npm. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { type CodexAlias, codexLauncher, platformPackage } from './real-codex.ts';

export interface NpmRegistry {
  readonly url: string;
  /** The paths asked for, in order. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Serves that version's launcher and its platform package; the packages of other platforms are named, not served. */
export async function startNpmRegistry(alias: CodexAlias): Promise<NpmRegistry> {
  const folders = [dirname(dirname(codexLauncher(alias))), platformPackage(alias)];
  const packages = await Promise.all(
    folders.map(async (folder) => ({ folder, manifest: await manifestOf(folder) })),
  );
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    requests.push(path);
    const wanted = packages.find(({ manifest }) => path === `/${manifest.version}.tgz`);
    if (wanted !== undefined) {
      // Not compressed: npm takes it as it is, and a quarter of a gigabyte is soon sent.
      const tar = spawn('tar', [
        ...['--create', '--exclude=node_modules', '--directory', dirname(wanted.folder)],
        basename(wanted.folder),
      ]);
      tar.stdout.pipe(response);
      response.on('close', () => tar.kill());
    } else if (path === '/@openai/codex') {
      const versions = Object.fromEntries(
        packages.map(({ manifest }) => [
          manifest.version,
          { ...manifest, dist: { tarball: `${url}${manifest.version}.tgz` } },
        ]),
      );
      const latest = packages[0]?.manifest.version;
      response.end(JSON.stringify({ name: '@openai/codex', 'dist-tags': { latest }, versions }));
    } else response.writeHead(404).end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function manifestOf(folder: string): Promise<{ readonly version: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
}

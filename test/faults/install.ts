import { cp, link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault } from '../support/fault-runner.ts';
import { configure, put } from './change.ts';

async function script(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o755 });
}

export const INSTALL_FAULTS: readonly Fault[] = [
  {
    name: 'npm package without the platform package',
    id: 'install.binary_missing',
    // Its repair runs npm, which wants a registry: test/e2e/reinstall.test.ts follows it.
    repairable: false,
    inject: (world) => rm(join(world.installFolder, 'node_modules'), { recursive: true }),
  },
  {
    name: 'codex on PATH is a dangling link',
    id: 'install.binary_missing',
    repairable: false,
    inject: async (world) => {
      await rm(join(world.binFolder, 'codex'));
      await symlink('/nowhere/codex', join(world.binFolder, 'codex'));
    },
  },
  {
    name: 'no codex anywhere',
    id: 'install.binary_missing',
    repairable: false,
    inject: async (world) => {
      await rm(join(world.root, '.npm-global'), { recursive: true });
    },
  },
  {
    name: 'an older copy in front of the new one on PATH',
    id: 'install.path_shadow',
    repairable: true,
    inject: async (world) => {
      const old = join(world.root, 'old', 'lib', 'node_modules', '@openai', 'codex');
      await cp(world.installFolder, old, { recursive: true, filter: (path) => !path.includes('vendor') });
      await writeFile(
        join(old, 'package.json'),
        JSON.stringify({ name: '@openai/codex', version: '0.97.0', bin: { codex: 'bin/codex.js' } }),
      );
      const platform = join('node_modules', '@openai', `codex-linux-${process.arch}`, 'vendor');
      const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`;
      await mkdir(join(old, platform, target, 'bin'), { recursive: true });
      await link(
        join(world.installFolder, platform, target, 'bin', 'codex'),
        join(old, platform, target, 'bin', 'codex'),
      );
      await mkdir(join(world.root, 'old', 'bin'));
      await symlink(
        '../lib/node_modules/@openai/codex/bin/codex.js',
        join(world.root, 'old', 'bin', 'codex'),
      );
      world.env.PATH = `${join(world.root, 'old', 'bin')}:${world.env.PATH}`;
    },
  },
  {
    name: 'native program of another platform',
    id: 'install.binary_missing',
    repairable: false,
    inject: async (world) => {
      const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`;
      const path = join(
        world.installFolder,
        'node_modules',
        '@openai',
        `codex-linux-${process.arch}`,
        'vendor',
        target,
        'bin',
        'codex',
      );
      await rm(path);
      await script(path, '\xcf\xfa\xed\xfe a program for macOS');
    },
  },
  {
    name: 'MCP server whose command does not exist',
    id: 'mcp.command_not_found',
    repairable: true,
    inject: (world) => configure(world, '[mcp_servers.docs]\ncommand = "no-such-program-here"'),
  },
  {
    name: 'MCP server whose command stands outside PATH',
    id: 'mcp.command_not_found',
    repairable: true,
    inject: async (world) => {
      const folder = join(world.root, '.local', 'share', 'pnpm');
      await mkdir(folder, { recursive: true });
      await script(join(folder, 'docs-server'), '#!/bin/sh\nexit 0\n');
      await configure(world, '[mcp_servers.docs]\ncommand = "docs-server"');
    },
  },
  {
    name: 'MCP server that ends at once',
    id: 'mcp.handshake_failed',
    args: ['--live'],
    repairable: true,
    inject: (world) => configure(world, '[mcp_servers.docs]\ncommand = "/bin/false"'),
  },
  {
    name: 'MCP server that never answers',
    id: 'mcp.startup_timeout',
    args: ['--live'],
    repairable: true,
    inject: (world) =>
      configure(world, '[mcp_servers.docs]\ncommand = "/bin/sleep"\nargs = ["60"]\nstartup_timeout_sec = 1'),
  },
  {
    name: 'system bubblewrap refused by AppArmor',
    id: 'sandbox.userns_blocked',
    repairable: false,
    inject: async (world) => {
      await script(
        join(world.binFolder, 'bwrap'),
        '#!/bin/sh\ncase "$*" in *--version*) echo "bubblewrap 0.9.0"; exit 0;; *--help*) echo "--argv0 --perms --as-pid-1"; exit 0;; esac\necho "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted" >&2\nexit 1\n',
      );
    },
  },
  {
    name: 'SSL_CERT_FILE names a file that does not exist',
    id: 'network.tls_ca',
    repairable: false,
    inject: async (world) => {
      world.env.SSL_CERT_FILE = join(world.root, 'corporate-ca.pem');
    },
  },
  {
    name: 'CODEX_CA_CERTIFICATE names a file that is no certificate',
    id: 'network.tls_ca',
    repairable: false,
    inject: async (world) => {
      await writeFile(join(world.root, 'ca.pem'), 'this is not a certificate\n');
      world.env.CODEX_CA_CERTIFICATE = join(world.root, 'ca.pem');
    },
  },
  {
    name: 'broken CA setting in the .env of the Codex home',
    id: 'network.tls_ca',
    repairable: true,
    inject: (world) => put(world, '.env', `SSL_CERT_FILE=${join(world.root, 'gone.pem')}\n`),
  },
  {
    name: 'HTTPS_PROXY points at a local proxy that is down',
    id: 'network.proxy',
    repairable: false,
    inject: async (world) => {
      world.env.HTTPS_PROXY = 'http://127.0.0.1:9';
    },
  },
  {
    name: 'HTTPS_PROXY is not a URL',
    id: 'network.proxy',
    repairable: false,
    inject: async (world) => {
      world.env.HTTPS_PROXY = 'proxy.example.test port 8080';
    },
  },
  {
    name: 'dead proxy in the .env of the Codex home',
    id: 'network.proxy',
    repairable: true,
    inject: (world) => put(world, '.env', 'HTTPS_PROXY=http://127.0.0.1:9\n'),
  },
];

import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault } from '../support/fault-runner.ts';
import { configure, configureTop, edit, put } from './change.ts';

const syntax = (name: string, toml: string): Fault => ({
  name,
  id: 'config.toml_syntax',
  repairable: true,
  inject: (world) => configure(world, toml),
});

const invalid = (name: string, toml: string, top = false): Fault => ({
  name,
  id: 'config.invalid_value',
  repairable: true,
  inject: (world) => (top ? configureTop : configure)(world, toml),
});

export const CONFIG_FAULTS: readonly Fault[] = [
  syntax(
    'a Windows path in double quotes',
    '[mcp_servers.docs]\ncommand = "C:\\Users\\ada\\docs.exe"\nenabled = false',
  ),
  syntax(
    'the same project table twice',
    "[projects.'/srv/app']\ntrust_level = 'trusted'\n\n[projects.'/srv/app']\ntrust_level = 'trusted'",
  ),
  syntax('the same key twice in a table', '[tui]\nnotifications = true\nnotifications = false'),
  syntax('a table header that is not closed', '[tui\nnotifications = true'),
  syntax('a string that is not closed', '[history]\npersistence = "none'),
  syntax('text after a value', '[tui]\nnotifications = true yes please'),
  syntax('a line that is no key and no table', '[tui]\nnotifications = true\nand a note without a hash'),
  syntax('typographic quotes', '[history]\npersistence = “none”'),
  syntax('a colon instead of an equals sign', '[tui]\nnotifications: true'),
  syntax(
    'a merge conflict left in the file',
    '[tui]\n<<<<<<< HEAD\nnotifications = true\n=======\nnotifications = false\n>>>>>>> theirs',
  ),
  syntax('a list that is not closed', '[tui]\nstatus_line = ["model", "path"\nnotifications = true'),
  {
    name: 'config.toml saved as UTF-16 by an editor',
    id: 'config.toml_syntax',
    repairable: true,
    inject: (world) =>
      put(world, 'config.toml', Buffer.from('\ufeff[analytics]\r\nenabled = false\r\n', 'utf16le')),
  },
  {
    name: 'a text where a switch belongs',
    id: 'config.invalid_value',
    repairable: true,
    inject: (world) =>
      edit(world, 'config.toml', (text) => text.replace('on_startup = false', 'on_startup = "false"')),
  },
  invalid('an approval policy that does not exist', 'approval_policy = "sometimes"', true),
  invalid('a sandbox mode that does not exist', 'sandbox_mode = "half-open"', true),
  invalid('a map where a list belongs', '[tui]\nstatus_line = { a = "b" }'),
  invalid('an MCP server with neither command nor url', '[mcp_servers.empty]\nenabled = true'),
  invalid(
    'a reserved provider id redefined',
    '[model_providers.openai]\nname = "mine"\nbase_url = "http://127.0.0.1:1/v1"',
  ),
  invalid('a model provider that is not defined', 'model_provider = "nowhere"', true),
  {
    name: 'wire_api = "chat", which was removed',
    id: 'config.deprecated_field',
    repairable: true,
    inject: (world) =>
      configure(
        world,
        '[model_providers.local]\nname = "local"\nbase_url = "http://127.0.0.1:9/v1"\nwire_api = "chat"',
      ),
  },
  {
    name: 'forced API login with a ChatGPT login stored',
    id: 'config.forced_login_mismatch',
    repairable: true,
    inject: (world) => configureTop(world, 'forced_login_method = "api"'),
  },
  {
    name: 'CODEX_HOME names a file',
    id: 'config.home_invalid',
    repairable: false,
    inject: async (world) => {
      await put(world, 'a-file', 'not a folder');
      world.env.CODEX_HOME = join(world.codexHome, 'a-file');
    },
  },
  {
    name: 'CODEX_HOME names a folder that does not exist',
    id: 'config.home_invalid',
    repairable: false,
    inject: async (world) => {
      world.env.CODEX_HOME = join(world.root, 'no-such-folder');
    },
  },
  {
    name: 'config.toml is a folder',
    id: 'config.toml_syntax',
    repairable: true,
    inject: async (world) => {
      await rm(join(world.codexHome, 'config.toml'));
      await mkdir(join(world.codexHome, 'config.toml'));
    },
  },
  {
    name: 'config.toml is a link to itself',
    id: 'config.toml_syntax',
    repairable: true,
    inject: async (world) => {
      await rm(join(world.codexHome, 'config.toml'));
      await symlink('config.toml', join(world.codexHome, 'config.toml'));
    },
  },
  {
    name: 'sqlite_home names a file',
    id: 'config.home_invalid',
    repairable: false,
    inject: async (world) => {
      await put(world, 'a-file', 'not a folder');
      await configureTop(world, `sqlite_home = "${join(world.codexHome, 'a-file')}"`);
    },
  },
];

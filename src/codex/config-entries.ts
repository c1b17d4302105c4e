/**
 * Refusals that no single type explains: transports of MCP servers, providers, profiles, values that newer versions
 * dropped. Measured like the rules of `config-schema.ts`, with the refusal that each comment quotes.
 */
import type { TomlEdit } from '../storage/steps.ts';
import { asChoice, asTomlValue } from './config-corrections.ts';
import { type ConfigFault, setTo } from './config-fault.ts';
import { BUILT_IN_PROVIDERS, RESERVED_PROVIDERS } from './config-schema.ts';
import { isTomlTable, type TomlTable, tomlAt } from './toml.ts';

/** Members that one transport takes and the other refuses ("url is not supported for stdio"). */
const STDIO_ONLY = ['args', 'env', 'env_vars'] as const;
const HTTP_ONLY = [
  'bearer_token_env_var',
  'http_headers',
  'env_http_headers',
  'oauth_resource',
  'oauth',
] as const;

/** How other programs name the two members that say what to start or call. */
const COMMAND_NAMES = ['cmd', 'executable', 'program'] as const;
const URL_NAMES = ['uri', 'endpoint', 'serverUrl', 'server_url', 'httpUrl'] as const;

/** The refused entries of a parsed configuration that a type does not tell. */
export function judgeEntries(config: TomlTable): readonly ConfigFault[] {
  return [...mcpFaults(config), ...providerFaults(config), ...selectionFaults(config)];
}

function mcpFaults(config: TomlTable): readonly ConfigFault[] {
  return entriesOf(config.mcp_servers).flatMap(([name, server]) => {
    const key = ['mcp_servers', name];
    const refuse = (
      member: string,
      expected: string,
      found: string,
      edits: readonly TomlEdit[],
      what: string,
    ) => fault([...key, member], expected, found, { kind: 'edit', edits, what });
    if (Object.hasOwn(server, 'command')) {
      return ['url', 'bearer_token', ...HTTP_ONLY]
        .filter((member) => Object.hasOwn(server, member))
        .map((member) =>
          refuse(
            member,
            'nothing here: this server is started with a command',
            'a member for HTTP servers',
            [{ op: 'delete', key: [...key, member] }],
            `remove ${member}`,
          ),
        );
    }
    if (Object.hasOwn(server, 'url')) return httpServerFaults(server, key, refuse);
    return [transportFault(server, key)];
  });
}

type Refuse = (
  member: string,
  expected: string,
  found: string,
  edits: readonly TomlEdit[],
  what: string,
) => ConfigFault;

function httpServerFaults(server: TomlTable, key: readonly string[], refuse: Refuse): readonly ConfigFault[] {
  const foreign = [...STDIO_ONLY, 'cwd']
    .filter((member) => Object.hasOwn(server, member))
    .map((member) =>
      refuse(
        member,
        'nothing here: this server is called over HTTP',
        'a member for started servers',
        [{ op: 'delete', key: [...key, member] }],
        `remove ${member}`,
      ),
    );
  // "bearer_token is not supported for streamable_http": a header says the same.
  const token = server.bearer_token;
  if (token === undefined) return foreign;
  const edits: TomlEdit[] = [{ op: 'delete', key: [...key, 'bearer_token'] }];
  if (typeof token === 'string') {
    edits.push({ op: 'set', key: [...key, 'http_headers', 'Authorization'], value: `Bearer ${token}` });
  }
  return [
    ...foreign,
    refuse(
      'bearer_token',
      'bearer_token_env_var or http_headers',
      'text',
      edits,
      'send the same token as a header',
    ),
  ];
}

/** "invalid transport": neither `command` nor `url`. */
function transportFault(server: TomlTable, key: readonly string[]): ConfigFault {
  const rename = (names: readonly string[], right: string): ConfigFault | undefined => {
    const wrong = names.find((name) => typeof server[name] === 'string');
    const value = wrong === undefined ? undefined : asTomlValue(server[wrong]);
    if (wrong === undefined || value === undefined) return undefined;
    return fault(key, 'a command or a url', `only ${wrong}`, {
      kind: 'edit',
      edits: [
        { op: 'set', key: [...key, right], value },
        { op: 'delete', key: [...key, wrong] },
      ],
      what: `rename ${wrong} to ${right}`,
    });
  };
  return (
    rename(COMMAND_NAMES, 'command') ??
    rename(URL_NAMES, 'url') ??
    fault(key, 'a command or a url', 'neither', {
      kind: 'comment-out',
      key,
      what: 'a server without command and url cannot be used',
    })
  );
}

function providerFaults(config: TomlTable): readonly ConfigFault[] {
  return entriesOf(config.model_providers).flatMap(([id, provider]) => {
    const key = ['model_providers', id];
    // "Built-in providers cannot be overridden."
    if (RESERVED_PROVIDERS.includes(id)) return [reservedProvider(id, provider, config)];
    if (id.startsWith('amazon-bedrock')) return []; // which members may change differs between versions
    const faults: ConfigFault[] = [];
    // "`wire_api = "chat"` is no longer supported."
    if (provider.wire_api === 'chat') {
      const right = setTo([...key, 'wire_api'], 'responses', 'write "responses"');
      faults.push({ ...fault([...key, 'wire_api'], '"responses"', '"chat"', right), kind: 'deprecated' });
    }
    // "provider name must not be empty"
    if (provider.name === undefined || provider.name === '') {
      faults.push(
        fault([...key, 'name'], 'a name', 'none', setTo([...key, 'name'], id, `write ${JSON.stringify(id)}`)),
      );
    }
    return faults;
  });
}

/** Only the address of the built-in provider can be set, and that elsewhere; the rest of the table has no effect left. */
function reservedProvider(id: string, provider: TomlTable, config: TomlTable): ConfigFault {
  const key = ['model_providers', id];
  const found = 'a table of that name';
  const expected = 'another id: this one is built in and cannot be overridden';
  const address = provider.base_url;
  if (id === 'openai' && typeof address === 'string' && config.openai_base_url === undefined) {
    return fault(key, expected, found, {
      kind: 'edit',
      edits: [
        { op: 'delete', key },
        { op: 'set', key: ['openai_base_url'], value: address },
      ],
      what: 'keep its address as openai_base_url and remove the table',
    });
  }
  return fault(key, expected, found, { kind: 'comment-out', key, what: `${id} is built in` });
}

function selectionFaults(config: TomlTable): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const profileName = config.profile;
  const profile = typeof profileName === 'string' ? tomlAt(config, ['profiles', profileName]) : undefined;
  const custom = isTomlTable(config.model_providers) ? Object.keys(config.model_providers) : [];
  if (typeof profileName === 'string') {
    // "config profile `x` not found" up to 0.133; 0.169 takes no `profile` at all.
    if (profile === undefined) {
      const correction = { kind: 'comment-out', key: ['profile'], what: 'no such profile' } as const;
      faults.push(
        fault(['profile'], 'the name of a [profiles.…] table', JSON.stringify(profileName), correction),
      );
    } else {
      faults.push({
        ...fault(
          ['profile'],
          `codex --profile ${profileName} with a file of its own`,
          JSON.stringify(profileName),
          {
            kind: 'comment-out',
            key: ['profile'],
            what: 'profiles are files now',
          },
        ),
        kind: 'deprecated',
        era: 'new',
      });
    }
  }
  faults.push(...unknownProvider(config.model_provider, ['model_provider'], custom));
  if (config.approval_policy === 'untrusted') {
    // 0.169: `approval_policy = "untrusted" is no longer supported; remove this setting`
    const correction = {
      kind: 'comment-out',
      key: ['approval_policy'],
      what: 'no longer supported',
    } as const;
    faults.push({
      ...fault(['approval_policy'], 'on-request or never', '"untrusted"', correction),
      kind: 'deprecated',
      era: 'new',
    });
  }
  return faults;
}

/** "Model provider `x` not found", and "`ollama-chat` is no longer supported." */
function unknownProvider(
  id: unknown,
  key: readonly string[],
  custom: readonly string[],
): readonly ConfigFault[] {
  if (typeof id !== 'string' || custom.includes(id) || BUILT_IN_PROVIDERS.includes(id)) return [];
  if (id === 'ollama-chat') {
    return [
      {
        ...fault(key, '"ollama"', '"ollama-chat"', setTo(key, 'ollama', 'write "ollama"')),
        kind: 'deprecated',
      },
    ];
  }
  const near = asChoice(id, [...custom, ...BUILT_IN_PROVIDERS]);
  const correction =
    near === undefined
      ? ({ kind: 'comment-out', key, what: 'no such provider' } as const)
      : setTo(key, near, `write ${JSON.stringify(near)}`);
  const expected = ['one of', [...custom, ...BUILT_IN_PROVIDERS.slice(0, 3)].join(', ')].join(' ');
  return [fault(key, expected, JSON.stringify(id), correction)];
}

function fault(
  key: readonly string[],
  expected: string,
  found: string,
  correction: ConfigFault['correction'],
): ConfigFault {
  return { key, kind: 'value', era: 'all', expected, found, correction };
}

function entriesOf(value: unknown): readonly (readonly [string, TomlTable])[] {
  if (!isTomlTable(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => (isTomlTable(item) ? [[name, item] as const] : []));
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCanaries } from '../../test/support/canaries.ts';
import { makePlainHome, type PlainHome } from '../../test/support/plain-home.ts';
import { resolveCodexHome } from '../codex/home.ts';
import { readMachineSecrets, secretsOfText } from './machine-secrets.ts';
import { createScrubber } from './scrubber.ts';

const canaries = createCanaries();
const { key, refresh, jwt, word } = canaries;

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

async function scrubberOf(env: Record<string, string> = {}) {
  const host = home.host({ env });
  const scope = { host, home: resolveCodexHome(host), signal: new AbortController().signal };
  return createScrubber({ secrets: await readMachineSecrets(scope), userHome: home.userHome });
}

/** The forms in which a secret may travel. */
function forms(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    secret,
    secret.slice(3, -3),
    `${secret.slice(0, 14)}\n${secret.slice(14)}`,
    encodeURIComponent(secret),
    [...secret].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''),
    base64,
    Buffer.from(secret).toString('base64url'),
    Buffer.from(`user:${secret}`).toString('base64'),
    Buffer.from(base64).toString('base64'),
    Buffer.from(JSON.stringify({ a: secret })).toString('base64'),
    JSON.stringify(JSON.stringify({ note: secret })),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('hex').toUpperCase(),
    ...[' ', ':'].map((sign) => (Buffer.from(secret).toString('hex').match(/../g) ?? []).join(sign)),
    ...['\\x', '\\u00'].map((sign) =>
      [...secret].map((c) => `${sign}${c.charCodeAt(0).toString(16)}`).join(''),
    ),
    [...secret].map((c) => `&#${c.charCodeAt(0)};`).join(''),
    [...secret].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join(''),
    (base64.match(/.{1,20}/g) ?? []).join('\n'),
    `${secret.slice(0, secret.length / 2)} and then ${secret.slice(secret.length / 2)}`,
  ];
}

describe('the scrubber', () => {
  it('knows every secret of this machine, wherever it is kept, in every form', async () => {
    await home.write(
      'auth.json',
      JSON.stringify({
        OPENAI_API_KEY: key('auth'),
        tokens: { id_token: jwt('id'), access_token: jwt('access'), refresh_token: refresh('auth') },
      }),
    );
    await home.write(
      'config.toml',
      `[mcp_servers.docs]\nargs = ["--token", "${word('arg')}", "https://ada:${word('url')}@x.test/?api_key=${word('query')}"]\nenv = { DOCS_TOKEN = "${word('env')}" }\nhttp_headers = { Authorization = "Bearer ${word('header')}" }\n`,
    );
    await home.write('.env', `DOCS_PASSWORD=${word('dotenv')}\n`);
    await home.write('broken.config.toml', `token = "${word('broken')}\n`);
    await home.write('.credentials.json', `{"docs":{"client_secret":"${word('mcp')}"}}`);
    const scrubber = await scrubberOf({
      PWD: home.userHome,
      HTTPS_PROXY: `http://ada:${word('proxy')}@127.0.0.1:9`,
      GITHUB_TOKEN: word('github'),
    });
    const planted = [
      ...[key('auth'), refresh('auth'), jwt('id'), jwt('access')],
      ...['arg', 'url', 'query', 'env', 'header', 'dotenv', 'broken', 'mcp', 'proxy', 'github'].map(word),
    ];
    for (const secret of planted) {
      for (const form of forms(secret)) {
        const text = `Before ${form} after, session 0198e2f4-1111-7222-8333-444455556666.`;
        expect(scrubber.hasSecret(text), form).toBe(true);
        const clean = scrubber.text(text);
        expect(canaries.leaks(clean), form).toEqual([]);
        expect(scrubber.hasSecret(clean), clean).toBe(false);
        expect(clean).toContain('after, session 0198e2f4-1111-7222-8333-444455556666.');
      }
    }
  });

  it('leaves what helps: paths below ~, request ids, versions, its own account keys', async () => {
    const scrubber = await scrubberOf({ PWD: home.userHome });
    const accountKey = `sha256:${'ab12'.repeat(16)}`;
    const said = `request req_0123456789abcdef failed in ${home.userHome}/.codex/config.toml with codex 0.169.0`;
    expect(scrubber.data({ said, accountKey, tokens: { input: 3 } })).toEqual({
      said: 'request req_0123456789abcdef failed in ~/.codex/config.toml with codex 0.169.0',
      accountKey,
      tokens: { input: 3 },
    });
  });

  it('does not leave the name of an address whose domain is part of a secret', () => {
    const scrubber = createScrubber({ secrets: ['hunter@example.test'], userHome: '' });
    expect(scrubber.text('says ada.lovelace@example.test')).toBe('says a…@e…');
  });

  it('does not take settings for secrets', async () => {
    const text =
      'model = "gpt-5.5"\nmax_tokens = 4096\n[projects."/home/ada/work"]\ntrust_level = "trusted"\n';
    expect(await secretsOfText(text)).toEqual([]);
  });
});

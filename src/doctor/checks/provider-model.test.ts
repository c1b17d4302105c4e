import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatgptAuthJson } from '../../../test/support/codex-home.ts';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { carryOut } from '../../../test/support/plan.ts';
import { modelChoiceCheck } from './model-choice.ts';
import { providerEndpointCheck } from './provider-endpoint.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

const config = () => readFile(join(home.path, 'config.toml'), 'utf8');

/** A port of this machine on which nothing listens, and one on which something does. */
async function ports() {
  const open = (): Promise<{ port: number; close: () => Promise<void> }> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        resolve({ port, close: () => new Promise((done) => server.close(() => done())) });
      });
    });
  const [listening, closed] = [await open(), await open()];
  await closed.close();
  return { listening: listening.port, closed: closed.port, end: listening.close };
}

describe('provider.local_endpoint_down', () => {
  test('a proxy that is gone is found; its line becomes a comment', async () => {
    const { closed, end } = await ports();
    await home.write(
      'config.toml',
      `model = "x"\nopenai_base_url = "http://127.0.0.1:${closed}/v1?key=secret-in-url"\n`,
    );
    const { problems } = await home.run(providerEndpointCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'provider.local_endpoint_down',
      subject: 'openai_base_url',
      severity: 'fail',
    });
    expect(problems[0]?.finding.evidence[0]?.where).toBe(`${join(home.path, 'config.toml')}:2`);
    expect(JSON.stringify(problems)).not.toContain('secret-in-url');
    await carryOut(problems[0]);
    expect(await config()).toMatch(/^model = "x"\n# codex-steward: .*\n# openai_base_url/);
    expect(await home.run(providerEndpointCheck)).toMatchObject({ status: 'ok', problems: [] });
    await end();
  });

  test('a custom provider is only deselected: its table stays', async () => {
    const { closed, end } = await ports();
    await home.write(
      'config.toml',
      `model_provider = "p"\n[model_providers.p]\nname = "p"\nbase_url = "http://localhost:${closed}/v1"\n`,
    );
    const { problems } = await home.run(providerEndpointCheck);
    expect(problems[0]?.finding.subject).toBe('model_providers.p.base_url');
    await carryOut(problems[0]);
    expect(await config()).toContain('# model_provider = "p"\n[model_providers.p]\nname = "p"');
    expect((await home.run(providerEndpointCheck)).problems).toEqual([]);
    await end();
  });

  test('the backend address counts too; one that listens, one elsewhere and one that is not in use do not', async () => {
    const { listening, closed, end } = await ports();
    await home.write(
      'config.toml',
      `chatgpt_base_url = "http://127.0.0.1:${closed}/backend-api"\nopenai_base_url = "http://127.0.0.1:${listening}/v1"\n`,
    );
    const down = await home.run(providerEndpointCheck);
    expect(down.problems.map(({ finding }) => finding.subject)).toEqual(['chatgpt_base_url']);
    await home.write(
      'config.toml',
      `openai_base_url = "https://llm.example.test/v1"\n[model_providers.p]\nname = "p"\nbase_url = "http://127.0.0.1:${closed}/v1"\n`,
    );
    expect(await home.run(providerEndpointCheck)).toMatchObject({ status: 'ok', problems: [] });
    await end();
  });

  test('an address that is no URL is nothing this check can judge', async () => {
    await home.write('config.toml', 'openai_base_url = "127.0.0.1:1"\n');
    expect((await home.run(providerEndpointCheck)).problems).toEqual([]);
  });
});

describe('config.invalid_model and model.unsupported_account', () => {
  const cache = (models: readonly string[]) =>
    home.write(
      'models_cache.json',
      JSON.stringify({ fetched_at: '2026-11-20T10:00:00Z', models: models.map((slug) => ({ slug })) }),
    );

  beforeEach(() => home.write('auth.json', chatgptAuthJson()));

  test('a name that differs from a listed one only in its spelling is corrected', async () => {
    await cache(['gpt-5.5', 'gpt-6-astra']);
    await home.write('config.toml', 'model = "openai/GPT 5.5" # best\n');
    const { problems } = await home.run(modelChoiceCheck);
    expect(problems[0]?.finding).toMatchObject({ id: 'config.invalid_model', subject: 'model' });
    await carryOut(problems[0]);
    expect(await config()).toBe('model = "gpt-5.5" # best\n');
    expect((await home.run(modelChoiceCheck)).status).toBe('ok');
  });

  test('a model that this account was not offered is a warning, with the list as evidence', async () => {
    await cache(['gpt-5.5']);
    await home.write('config.toml', 'model = "gpt-6-astra"\n');
    const { problems } = await home.run(modelChoiceCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'model.unsupported_account',
      severity: 'warn',
      confidence: 0.7,
    });
    expect(problems[0]?.finding.evidence[1]?.where).toBe(join(home.path, 'models_cache.json'));
    await carryOut(problems[0]);
    expect((await home.run(modelChoiceCheck)).problems).toEqual([]);
  });

  test('nothing is said without a list, of an empty list, of a custom provider, or of a key', async () => {
    await home.write('config.toml', 'model = "anything"\n');
    expect(await home.run(modelChoiceCheck)).toMatchObject({ status: 'skipped', problems: [] });
    await cache([]);
    expect(await home.run(modelChoiceCheck)).toMatchObject({ status: 'skipped', problems: [] });
    await cache(['gpt-5.5']);
    await home.write('auth.json', '{"OPENAI_API_KEY":"sk-x"}');
    expect((await home.run(modelChoiceCheck)).problems).toEqual([]);
    await home.write(
      'config.toml',
      'model = "llama"\nmodel_provider = "p"\n[model_providers.p]\nname = "p"\n',
    );
    expect((await home.run(modelChoiceCheck)).problems).toEqual([]);
  });

  test.each(['[]', '{"models":5}', 'garbage', ''])('a damaged list (%j) is no witness', async (text) => {
    await home.write('models_cache.json', text);
    await home.write('config.toml', 'model = "gpt-5.5"\n');
    expect(await home.run(modelChoiceCheck)).toMatchObject({ status: 'skipped', problems: [] });
  });
});

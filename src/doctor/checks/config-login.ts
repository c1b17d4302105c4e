/** Does the stored login satisfy what the configuration enforces? Codex deletes a login that does not, at its next start. */
import { type ConfigLayer, effectiveSetting } from '../../codex/config-layers.ts';
import { isChatgptLogin, type LoginFacts, readLoginFacts } from '../../codex/login-facts.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, FoundProblem } from '../check.ts';
import { planTomlEdits } from '../repairs/config-edit.ts';
import { settingEvidence } from './config-evidence.ts';

export const configLoginCheck: Check = {
  id: 'steward.config-login',
  category: 'auth',
  title: 'The login is of the enforced kind',
  finds: ['config.forced_login_mismatch'],
  timeoutMs: 3000,
  async run(context) {
    const facts = await context.read(readLoginFacts);
    const method = effectiveSetting(facts.layers, ['forced_login_method']);
    const workspace = effectiveSetting(facts.layers, ['forced_chatgpt_workspace_id']);
    const details = {
      forced_login_method: typeof method?.value === 'string' ? method.value : 'not set',
      forced_chatgpt_workspace_id: workspace === undefined ? 'not set' : 'set',
    };
    if (facts.auth.kind !== 'ok') {
      const summary =
        method || workspace ? 'there is no readable login to compare with' : 'nothing is enforced';
      return { summary, status: method || workspace ? 'skipped' : 'ok', details, problems: [] };
    }
    const problems = [...(await methodProblem(facts, method)), ...(await workspaceProblem(facts, workspace))];
    if (problems.length > 0) {
      return { summary: 'the login is not of the enforced kind', status: 'problems', details, problems };
    }
    return {
      summary: method || workspace ? 'the login is of the enforced kind' : 'nothing is enforced',
      status: 'ok',
      details,
      problems,
    };
  },
};

type Setting = ReturnType<typeof effectiveSetting>;

async function methodProblem(facts: LoginFacts, method: Setting): Promise<readonly FoundProblem[]> {
  if (facts.auth.kind !== 'ok' || method === undefined) return [];
  const { mode } = facts.auth.value;
  const isKey = mode === 'apikey';
  if (!isKey && !isChatgptLogin(mode)) return []; // how Codex counts the other kinds was not measured
  const wanted = method.value;
  if (wanted !== 'chatgpt' && wanted !== 'api') return [];
  if ((wanted === 'api') === isKey) return [];
  const has = isKey ? 'an API key' : 'a ChatGPT login';
  const command = wanted === 'api' ? 'codex login --with-api-key < KEY_FILE' : 'codex login';
  return [
    await problemOf(facts, method.layer, ['forced_login_method'], {
      cause: `${method.layer.path} enforces ${wanted === 'api' ? 'an API key' : 'a ChatGPT login'}, and ${facts.auth.path} holds ${has}: the next codex signs it out.`,
      what: JSON.stringify(wanted),
      command,
    }),
  ];
}

async function workspaceProblem(facts: LoginFacts, workspace: Setting): Promise<readonly FoundProblem[]> {
  if (facts.auth.kind !== 'ok' || workspace === undefined || !isChatgptLogin(facts.auth.value.mode))
    return [];
  const account = facts.auth.value.identity?.accountId ?? facts.auth.value.tokens?.accountId ?? null;
  const values: readonly unknown[] = Array.isArray(workspace.value) ? workspace.value : [workspace.value];
  const allowed = values.filter((value) => typeof value === 'string');
  if (account === null || allowed.length === 0 || allowed.includes(account)) return [];
  return [
    await problemOf(facts, workspace.layer, ['forced_chatgpt_workspace_id'], {
      cause: `${workspace.layer.path} allows only ${allowed.length === 1 ? 'another workspace' : 'other workspaces'} than the one in ${facts.auth.path}: the next codex signs it out.`,
      what: `${allowed.length} workspace(s), not that of the stored login`,
      command: 'codex login',
    }),
  ];
}

async function problemOf(
  facts: LoginFacts,
  layer: ConfigLayer,
  key: readonly string[],
  text: { readonly cause: string; readonly what: string; readonly command: string },
): Promise<FoundProblem> {
  const own = layer.kind === 'user' && layer.reading.kind === 'ok';
  const repairId = 'config.forced_login_mismatch.remove-setting';
  const summary = `Remove ${key.join('.')} from ${layer.path}, or log in as it asks for: ${text.command}.`;
  const stored =
    facts.auth.kind === 'ok'
      ? [{ source: 'file', where: facts.auth.path, what: facts.auth.value.mode } as const]
      : [];
  const common = {
    subject: key.join('.'),
    evidence: [await settingEvidence(layer, key, text.what), ...stored],
    cause: text.cause,
    steps: [
      `If the setting is right: ${text.command}`,
      `If the login is right: remove ${key.join('.')} from ${layer.path}.`,
    ],
  };
  if (!own)
    return {
      finding: finding('config.forced_login_mismatch', { ...common, actor: 'admin', summary: text.command }),
    };
  const file = layer.reading.kind === 'ok' ? layer.reading.value : null;
  return {
    finding: finding('config.forced_login_mismatch', { ...common, summary, repairId }),
    plan: async () =>
      file === null
        ? { refused: `${layer.path} cannot be read` }
        : planTomlEdits(
            {
              path: layer.path,
              text: file.text,
              repairId,
              summary: `Remove ${key.join('.')} from ${layer.path}.`,
            },
            [{ op: 'delete', key }],
          ),
  };
}

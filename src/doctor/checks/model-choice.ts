/** Is the configured model one that this account was offered? Judged by Codex's own list, and only where there is one. */
import { effectiveText } from '../../codex/config-layers.ts';
import { isChatgptLogin, readLoginFacts } from '../../codex/login-facts.ts';
import { type ModelsCache, readModelsCache } from '../../codex/models-cache.ts';
import { tomlKey } from '../../codex/toml.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, CheckResult, FoundProblem } from '../check.ts';
import { planCommentOutKeys, planTomlEdits } from '../repairs/config-edit.ts';
import { settingEvidence } from './config-evidence.ts';

type Chosen = NonNullable<ReturnType<typeof effectiveText>>;

export const modelChoiceCheck: Check = {
  id: 'steward.model-choice',
  category: 'model',
  title: 'Configured model',
  finds: ['config.invalid_model', 'model.unsupported_account'],
  timeoutMs: 3000,
  async run(context) {
    const [facts, cache] = await Promise.all([context.read(readLoginFacts), context.read(readModelsCache)]);
    const chosen = effectiveText(facts.layers, 'model');
    const known = cache.kind === 'ok' ? cache.value : null;
    const details = {
      model: chosen?.value ?? 'the default of Codex',
      'models on offer': known === null ? `no list (${cache.kind})` : [...known.models],
    };
    const say = (summary: string, status: CheckResult['status'] = 'ok'): CheckResult => ({
      summary,
      status,
      details,
      problems: [],
    });
    if (chosen === undefined) return say('no model is configured: Codex takes its default');
    if (facts.provider.id !== 'openai' || facts.provider.baseUrl !== null) {
      return say(
        `${chosen.value} is for ${facts.provider.id === 'openai' ? 'an endpoint of your own' : `provider ${facts.provider.id}`}, which we do not ask`,
        'skipped',
      );
    }
    const misspelt = known === null ? blankOrSpaced(chosen.value) : misspelling(chosen.value, known.models);
    const problem =
      misspelt !== null
        ? await invalidModel(chosen, misspelt)
        : known !== null && facts.auth.kind === 'ok' && isChatgptLogin(facts.auth.value.mode)
          ? await notOffered(chosen, known, cache.path)
          : null;
    if (problem) return { ...say(problem.finding.cause, 'problems'), problems: [problem] };
    if (known === null || known.models.length === 0)
      return say(`${chosen.value}: no list of models to compare with`, 'skipped');
    return say(`${chosen.value} is on the list`);
  },
};

interface Misspelling {
  readonly right: string | null;
  readonly what: string;
}

/** A name that differs from a listed one only in case, separators or a provider's prefix. */
function misspelling(model: string, models: readonly string[]): Misspelling | null {
  if (models.includes(model)) return null;
  const plain = (name: string) =>
    name
      .trim()
      .toLowerCase()
      .replace(/^(openai|chatgpt|codex)[/:]/, '')
      .replace(/[\s_.-]+/g, '');
  const right = models.filter((name) => plain(name) === plain(model));
  if (right.length === 1 && right[0] !== undefined)
    return { right: right[0], what: `the list has ${right[0]}` };
  return blankOrSpaced(model);
}

function blankOrSpaced(model: string): Misspelling | null {
  if (model.trim() === '') return { right: null, what: 'it is empty' };
  return /\s/.test(model) ? { right: null, what: 'no model has spaces in its name' } : null;
}

async function invalidModel(chosen: Chosen, misspelt: Misspelling): Promise<FoundProblem> {
  const { right, what } = misspelt;
  const repairId = right === null ? 'config.invalid_model.comment-out' : 'config.invalid_model.correct';
  const name = tomlKey(chosen.key);
  const summary =
    right === null
      ? `Turn ${name} into a comment: Codex then takes its default model.`
      : `Set ${name} to ${JSON.stringify(right)}.`;
  const common = {
    subject: name,
    evidence: [await settingEvidence(chosen.layer, chosen.key, JSON.stringify(chosen.value))],
    cause: `${name} in ${chosen.layer.path} is ${JSON.stringify(chosen.value)}, and ${what}.`,
    summary,
    steps: [`${chosen.layer.path}: ${summary}`],
  };
  if (chosen.layer.kind !== 'user')
    return { finding: finding('config.invalid_model', { ...common, actor: 'admin' }) };
  return {
    finding: finding('config.invalid_model', { ...common, repairId }),
    plan: () => planModel(chosen, right, repairId, summary),
  };
}

/** Not on the list that the account was offered: the server refuses most such models, but not certainly all. */
async function notOffered(
  chosen: Chosen,
  known: ModelsCache,
  cachePath: string,
): Promise<FoundProblem | null> {
  if (known.models.length === 0 || known.models.includes(chosen.value)) return null;
  const repairId = 'model.unsupported_account.comment-out';
  const name = tomlKey(chosen.key);
  const when = known.fetchedAt === null ? '' : ` of ${new Date(known.fetchedAt).toISOString()}`;
  const summary = `Turn ${name} into a comment, so that Codex takes the default model of your plan; start a new thread for it.`;
  const common = {
    subject: name,
    severity: 'warn',
    confidence: 0.7,
    evidence: [
      await settingEvidence(chosen.layer, chosen.key, JSON.stringify(chosen.value)),
      { source: 'file', where: cachePath, what: `the list${when}: ${known.models.slice(0, 12).join(', ')}` },
    ],
    cause: `${name} is ${JSON.stringify(chosen.value)}, which is not on the list of models${when} that Codex got for this account.`,
    summary,
    steps: [
      `Choose one of the list in ${chosen.layer.path}, or in Codex with /model.`,
      'Start a new thread: an old one keeps its model.',
    ],
  } as const;
  if (chosen.layer.kind !== 'user')
    return { finding: finding('model.unsupported_account', { ...common, actor: 'admin' }) };
  return {
    finding: finding('model.unsupported_account', { ...common, repairId }),
    plan: () => planModel(chosen, null, repairId, summary),
  };
}

function planModel(chosen: Chosen, right: string | null, repairId: string, summary: string) {
  const { reading, path } = chosen.layer;
  if (reading.kind !== 'ok') return Promise.resolve({ refused: `${path} cannot be read any more` });
  const input = { path, text: reading.value.text, repairId, summary };
  return right === null
    ? planCommentOutKeys(input, [chosen.key], 'not a model of this account')
    : planTomlEdits(input, [{ op: 'set', key: chosen.key, value: right }]);
}

/** Is the history that the databases list really there, and does Codex show it under the provider in use. */
import { stat } from 'node:fs/promises';
import { readConfig } from '../../codex/config-file.ts';
import { BUILT_IN_PROVIDERS } from '../../codex/config-schema.ts';
import { readSessionMeta, readSessions } from '../../codex/sessions.ts';
import { readStateDatabase, type StateDatabase, type StateThread } from '../../codex/state-db.ts';
import { isTomlTable, tomlAt } from '../../codex/toml.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planRetag } from '../repairs/state-retag.ts';
import { shellWord } from './state-text.ts';

/** Session files whose header is read, newest first. */
const HEADERS = 8;
const SHOWN = 5;
const DEFAULT_PROVIDER = 'openai';

export const stateThreadsCheck: Check = {
  id: 'steward.state-threads',
  category: 'state',
  title: 'history',
  finds: ['state.rollout_missing', 'state.history_hidden'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    const state = await context.read(readStateDatabase);
    const headers = await badHeaders(context);
    if (state.kind !== 'ok') {
      return {
        status: headers.length > 0 ? 'problems' : 'skipped',
        summary: state.kind === 'missing' ? 'no state database yet' : 'the state database cannot be read',
        details: {},
        problems: headers,
      };
    }
    const { threads, threadCount, providers } = state.value;
    const problems = [
      ...headers,
      ...(await missing(state.value, context)),
      ...(await hidden(state.value, context)),
    ];
    const looked = threads.length < threadCount ? `, the newest ${threads.length} looked at` : '';
    return {
      status: problems.length > 0 ? 'problems' : 'ok',
      summary: `${threadCount} sessions listed${looked}`,
      details: Object.fromEntries(
        Object.entries(providers).map(([name, count]) => [`provider ${name}`, String(count)]),
      ),
      problems,
    };
  },
};

/** Session files that Codex cannot resume from, whatever the database says of them. */
async function badHeaders(context: CheckContext): Promise<readonly FoundProblem[]> {
  const sessions = await context.read(readSessions);
  if (sessions.kind !== 'ok') return [];
  const metas = await Promise.all(
    sessions.value.files.slice(0, HEADERS).map(({ path }) => readSessionMeta(path)),
  );
  return metas.flatMap((meta) =>
    meta.kind === 'ok' || meta.kind === 'missing'
      ? []
      : [
          {
            finding: finding('state.rollout_missing', {
              subject: meta.path,
              severity: 'warn',
              title: 'Session file without a usable header',
              cause: `Codex cannot resume the session in ${meta.path}: ${meta.message}.`,
              evidence: [{ source: 'file', where: `${meta.path}:1`, what: meta.message }],
              steps: ['Restore the file from a backup, or start a new session; the file is left as it is'],
            }),
          },
        ],
  );
}

async function missing(state: StateDatabase, context: CheckContext): Promise<readonly FoundProblem[]> {
  const gone: StateThread[] = [];
  await Promise.all(
    state.threads.map(async (thread) => {
      if (thread.rolloutPath !== '' && !(await isThere(thread.rolloutPath))) gone.push(thread);
    }),
  );
  if (gone.length === 0) return [];
  const { host, home } = context;
  const elsewhere = gone.filter((thread) => !thread.rolloutPath.startsWith(home.path));
  const all = gone.length === state.threads.length;
  const moved =
    elsewhere[0] && elsewhere.length === gone.length
      ? ` Their paths are below another folder (${elsewhere[0].rolloutPath}): the Codex home was moved or copied, or CODEX_HOME names another one now.`
      : '';
  return [
    {
      finding: finding('state.rollout_missing', {
        subject: 'listed sessions',
        severity: all ? 'warn' : 'info',
        cause: `The files of ${gone.length} of ${state.threads.length} listed sessions are gone; resuming one ends with "no rollout found for thread id".${moved}`,
        evidence: gone.slice(0, SHOWN).map(
          (thread): Evidence => ({
            source: 'db',
            where: `${state.file.path}, table threads, id ${thread.id}`,
            what: `there is no file at rollout_path ${thread.rolloutPath}`,
          }),
        ),
        steps: [
          `Look for the files: find ${shellWord(host.userHome, host.platform)} -name 'rollout-*${gone[0]?.id}.jsonl'`,
          'Found: put them back below sessions/. Not found: restore them from a backup, or start a new session',
        ],
      }),
    },
  ];
}

/** Newer Codex may compress old sessions beside the recorded name. */
async function isThere(path: string): Promise<boolean> {
  for (const candidate of [path, `${path}.zst`]) {
    try {
      if ((await stat(candidate)).isFile()) return true;
    } catch (error) {
      void error; // not there, or not reachable: either way Codex finds none
    }
  }
  return false;
}

interface Providers {
  readonly current: string;
  readonly isConfigured: (id: string) => boolean;
}

/** What a `codex` without arguments uses; `null` where the configuration cannot be read (its own check says so). */
async function providersOf(context: CheckContext): Promise<Providers | null> {
  const config = await context.read(readConfig);
  if (config.kind === 'missing') {
    return { current: DEFAULT_PROVIDER, isConfigured: (id) => BUILT_IN_PROVIDERS.includes(id) };
  }
  if (config.kind !== 'ok') return null;
  const { model_provider: top, model_providers: table } = config.value.value;
  const own = isTomlTable(table) ? Object.keys(table) : [];
  const profile = config.value.value.profile;
  const ofProfile =
    typeof profile === 'string'
      ? tomlAt(config.value.value, ['profiles', profile, 'model_provider'])
      : undefined;
  const chosen = ofProfile ?? top;
  return {
    current: typeof chosen === 'string' && chosen !== '' ? chosen : DEFAULT_PROVIDER,
    isConfigured: (id) => BUILT_IN_PROVIDERS.includes(id) || own.includes(id),
  };
}

async function hidden(state: StateDatabase, context: CheckContext): Promise<readonly FoundProblem[]> {
  const providers = await providersOf(context);
  if (providers === null) return [];
  const { current, isConfigured } = providers;
  return Object.entries(state.providers)
    .filter(([id, count]) => id !== '' && id !== current && count > 0)
    .map(([id, count]) => hiddenProblem(state, context, { id, count, current, isConfigured }));
}

function hiddenProblem(
  state: StateDatabase,
  context: CheckContext,
  found: Providers & { readonly id: string; readonly count: number },
): FoundProblem {
  const { id, count, current } = found;
  const usable = found.isConfigured(id);
  const nothingShown = (state.providers[current] ?? 0) === 0;
  const evidence: Evidence[] = [
    {
      source: 'db',
      where: `${state.file.path}, table threads`,
      what: `${count} with model_provider "${id}"`,
    },
    {
      source: 'config',
      where: `${context.home.path}/config.toml`,
      what: `model_provider is "${current}"${usable ? '' : `, and there is no [model_providers.${id}]`}`,
    },
  ];
  const common = {
    subject: id,
    evidence,
    cause: usable
      ? `${count} sessions belong to the model provider "${id}", and Codex lists those of "${current}" only; their files are intact.`
      : `${count} sessions belong to the model provider "${id}", which is configured no more: Codex neither lists nor resumes them; their files are intact.`,
  };
  const back = `codex -c model_provider=${shellWord(`"${id}"`, context.host.platform)} resume`;
  if (usable && !nothingShown) {
    return {
      finding: finding('state.history_hidden', {
        ...common,
        severity: 'info',
        actor: 'you',
        command: back,
        summary: 'To see them, start Codex with that provider.',
        steps: [back],
      }),
    };
  }
  const repairId = 'state.history_hidden.retag';
  const threads = state.threads.filter((thread) => thread.modelProvider === id);
  return {
    finding: finding('state.history_hidden', {
      ...common,
      severity: 'warn',
      summary: `Return to the provider "${id}", or give the sessions the provider "${current}". A session moved between providers may refuse to continue where it holds encrypted reasoning of the other one.`,
      steps: usable
        ? [
            back,
            `To keep "${current}" and move the sessions over: steward doctor --fix --only state.history_hidden`,
          ]
        : [
            `Put [model_providers.${id}] back into config.toml, or: steward doctor --fix --only state.history_hidden`,
          ],
      repairId,
    }),
    plan: async () =>
      threads.length < count
        ? {
            refused: `${count} sessions are more than the ${threads.length} that can be moved over at once: return to the provider "${id}" instead`,
          }
        : planRetag(state, threads, current, repairId),
  };
}

/** `steward auth models`: which account can serve which of the models that Codex has in its list. */
import type { Account } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { familyOf } from '../../../accounts/selection/model-family.ts';
import { waitWords } from '../../../accounts/selection/words.ts';
import { policyKey } from '../../../accounts/store/identity.ts';
import { type ModelEntry, readModelsCache } from '../../../codex/models-cache.ts';
import { EXIT } from '../../../errors.ts';
import { type AccountsView, createAccountsView } from '../../accounts-view.ts';
import { openAuthSession } from '../../auth-session.ts';
import { readGatewayRuntimes } from '../../gateway-runtimes.ts';
import type { CommandDeps } from '../../main.ts';
import { ago } from '../../render/accounts.ts';
import { isoTime } from '../../render/accounts-json.ts';
import { columns } from '../../render/layout.ts';
import { readHealthyPool } from './stored-view.ts';

export interface ModelsOptions {
  readonly json?: boolean;
}

interface ModelView {
  readonly model: ModelEntry;
  readonly view: AccountsView;
}

/** Shows it from files and the running gateway; nobody is asked. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function runModels(options: ModelsOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'models', json: options.json });
  const { scope } = session;
  const reading = await readHealthyPool(scope);
  const runtimes = (await readGatewayRuntimes(scope)) ?? undefined;
  const list = await readModelsCache(scope);
  const views: ModelView[] = [];
  for (const model of list.kind === 'ok' ? list.value.entries : [])
    views.push({ model, view: await createAccountsView(scope, reading, model.id, runtimes) });
  const fetchedAt = list.kind === 'ok' ? list.value.fetchedAt : null;
  const complaint = list.kind === 'ok' ? null : list.kind === 'missing' ? NO_LIST : list.message;
  session.answer({
    matrix: {
      generatedAt: isoTime(scope.host.now()),
      listFetchedAt: isoTime(fetchedAt),
      models: views.map(({ model }) => model),
      entries: views.flatMap(entriesOf),
    },
    ...(complaint === null ? {} : { error: complaint }),
  });
  if (complaint !== null) session.say(complaint);
  else {
    for (const line of columns([HEAD, ...views.map(rowOf)])) session.say(line);
    const age = fetchedAt === null ? '' : `, ${ago(fetchedAt, scope.host.now())}`;
    session.say(`The list is the one that Codex got for the account that it is logged in with${age}.`);
  }
  return EXIT.ok;
}

const NO_LIST = 'Codex has no list of models in this home yet: it gets one when it starts.';
const HEAD = ['model', 'context', 'accounts that can serve it now'];

function rowOf({ model, view }: ModelView): readonly string[] {
  const { summary, accounts } = view.forecast;
  const context = model.contextWindow === null ? '–' : model.contextWindow.toLocaleString('en-US');
  const waits = accounts.flatMap(({ waitMs }) => (waitMs === null || waitMs === 0 ? [] : [waitMs]));
  const next = waits.length === 0 ? '' : `, the next in ${waitWords(Math.min(...waits))}`;
  const hidden = model.isListed ? '' : ' (hidden)';
  return [`${model.id}${hidden}`, context, `${summary.ready} of ${summary.total}${next}`];
}

/** A row for each account, with the members of codex-multi-auth 2.8; `accountIndex` counts from 1. */
function entriesOf({ model, view }: ModelView) {
  const { reading, forecast, now } = view;
  return reading.pool.accounts.map((account: Account, index) => {
    const { availability, waitMs, reasons } = forecast.accounts[index] ?? { waitMs: null, reasons: [] };
    return {
      accountIndex: index + 1,
      accountLabel: accountLabel(account, index),
      accountKey: policyKey(account),
      model: model.id,
      normalizedModel: model.id,
      promptFamily: familyOf(model.id),
      availability: availability?.kind ?? 'unavailable',
      availableAt: waitMs === null ? null : isoTime(now + waitMs),
      reason: availability?.kind === 'ready' ? null : (reasons[0] ?? null),
    };
  });
}

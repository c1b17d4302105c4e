/** `steward auth account …`: how an account is to be used: tags, weight, pause, drain, note. */
import type { Account } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { requireAccount } from '../../../accounts/actions/account-reference.ts';
import { plainText } from '../../../accounts/plain-text.ts';
import { type AccountPolicy, readPolicies, updatePolicy } from '../../../accounts/store/policies-store.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { columns } from '../../render/layout.ts';

const MAX_WEIGHT = 10;
const MAX_NOTE = 500;

export interface AccountOptions {
  readonly json?: boolean;
}

export type AccountFlag = 'pause' | 'unpause' | 'drain' | 'undrain';

const FLAGS: Readonly<Record<AccountFlag, { change: Partial<AccountPolicy>; says: string }>> = {
  pause: { change: { paused: true }, says: 'is paused: nothing is sent with it' },
  unpause: { change: { paused: false }, says: 'is used again' },
  drain: { change: { drained: true }, says: 'is drained: what runs on it goes on, nothing new starts' },
  undrain: { change: { drained: false }, says: 'takes new sessions again' },
};

/** Adds tags; they are kept in lower case. */
export async function runAccountTag(
  reference: string,
  tags: readonly string[],
  options: AccountOptions,
  deps: CommandDeps,
): Promise<number> {
  const wanted = parseTags(tags);
  return await change('account tag', reference, options, deps, (policy) => ({
    ...policy,
    tags: [...policy.tags, ...wanted],
  }));
}

/** Takes tags away; one that is not there is no error. */
export async function runAccountUntag(
  reference: string,
  tags: readonly string[],
  options: AccountOptions,
  deps: CommandDeps,
): Promise<number> {
  const gone = new Set(parseTags(tags));
  return await change('account untag', reference, options, deps, (policy) => ({
    ...policy,
    tags: policy.tags.filter((tag) => !gone.has(tag)),
  }));
}

/** Sets the weight, 0 to 10; 1 is neutral, 0 is a last resort. */
export async function runAccountWeight(
  reference: string,
  weight: string,
  options: AccountOptions,
  deps: CommandDeps,
): Promise<number> {
  const value = weight.trim() === '' ? Number.NaN : Number(weight);
  if (!(value >= 0 && value <= MAX_WEIGHT)) {
    throw usage(`"${weight}" is not a weight`, `Give a number from 0 to ${MAX_WEIGHT}; 1 is neutral.`);
  }
  return await change('account weight', reference, options, deps, (policy) => ({ ...policy, weight: value }));
}

/** Pauses, drains, or takes either back. */
export async function runAccountFlag(
  flag: AccountFlag,
  reference: string,
  options: AccountOptions,
  deps: CommandDeps,
): Promise<number> {
  const { change: members, says } = FLAGS[flag];
  return await change(
    `account ${flag}`,
    reference,
    options,
    deps,
    (policy) => ({ ...policy, ...members }),
    says,
  );
}

/** Writes a note; without text, takes it away. */
export async function runAccountNote(
  reference: string,
  text: readonly string[],
  options: AccountOptions,
  deps: CommandDeps,
): Promise<number> {
  const note = text.join(' ').trim();
  if (note.length > MAX_NOTE) {
    throw usage('the note is too long', `At most ${MAX_NOTE} characters.`);
  }
  return await change('account note', reference, options, deps, (policy) => ({
    ...policy,
    note: note === '' ? null : note,
  }));
}

/** All accounts with their policies. */
export async function runAccountPolicyList(options: AccountOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'account policy list', json: options.json });
  const pool = await requirePool(session.scope);
  const policies = await readPolicies(session.scope, pool);
  const rows = pool.accounts.map((account, at) => {
    const { tags, weight, paused, drained, note } = policies.policyOf(account);
    const label = accountLabel(account, at);
    // The documented index of this list counts from 1.
    return {
      index: at + 1,
      label,
      accountKey: policies.storedKeyOf(account),
      tags,
      weight,
      paused,
      drained,
      note,
    };
  });
  if (policies.warning !== null) session.terminal.err(`${policies.warning}\n`);
  if (rows.length === 0) session.say('There are no accounts yet.');
  for (const line of columns(rows.map((row) => [row.label, describePolicy(row)]))) session.say(line);
  session.answer({ accounts: rows, warning: policies.warning });
  return policies.warning === null ? EXIT.ok : EXIT.problems;
}

async function change(
  command: string,
  reference: string,
  options: AccountOptions,
  deps: CommandDeps,
  by: (policy: AccountPolicy) => AccountPolicy,
  says?: string,
): Promise<number> {
  const session = await openAuthSession(deps, { command, json: options.json });
  const pool = await requirePool(session.scope);
  const index = requireAccount(pool, reference);
  const account: Account | undefined = pool.accounts[index];
  if (account === undefined) return EXIT.usage;
  const policy = await updatePolicy(session.scope, pool, account, by);
  const label = accountLabel(account, index);
  session.say(`${label}${says === undefined ? `: ${describePolicy(policy)}` : ` ${says}.`}`);
  const { tags, weight, paused, drained, note } = policy;
  session.answer({ index, number: index + 1, label, tags, weight, paused, drained, note });
  return EXIT.ok;
}

function describePolicy(
  policy: Pick<AccountPolicy, 'tags' | 'weight' | 'paused' | 'drained' | 'note'>,
): string {
  const parts = [
    policy.paused ? 'paused' : '',
    policy.drained ? 'drained' : '',
    policy.weight === 1 ? '' : `weight ${policy.weight}`,
    policy.tags.length === 0 ? '' : `tags ${plainText(policy.tags.join(', '), MAX_NOTE) ?? ''}`,
    policy.note === null ? '' : `note: ${plainText(policy.note, MAX_NOTE) ?? ''}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'no policy' : parts.join('; ');
}

/** Tags as the documented file takes them: lower case, letters, digits and a few signs. */
function parseTags(tags: readonly string[]): readonly string[] {
  const parsed = tags.flatMap((text) => text.split(',')).map((tag) => tag.trim().toLowerCase());
  const bad = parsed.find((tag) => !/^[\p{L}\p{N}][\p{L}\p{N}._:-]{0,39}$/u.test(tag));
  if (bad === undefined) return parsed;
  throw usage(`"${bad}" is not a tag`, 'Letters, digits, and . _ : - are allowed, at most 40 of them.');
}

function usage(message: string, hint: string): StewardError {
  return new StewardError('ERR_ACCOUNTS_POLICY', 'user', message, { hint, exitCode: EXIT.usage });
}

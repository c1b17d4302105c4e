/**
 * One account as a row of the documented pool file (codex-multi-auth 2.8, format 3), both ways. A member of the wrong type
 * never loses the account: it is kept as it is, in `rest`, and the account goes without it.
 */
import * as v from 'valibot';
import type { ChatgptAccount, Workspace } from '../account.ts';
import { accountKey } from './account-key.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Whether it is an object with members, whatever they are: they are looked at one by one. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same for {@link takeFrom}. */
export const RowSchema = v.custom<Row>(isRow);

const Text = v.pipe(v.string(), v.trim(), v.nonEmpty());
const Time = v.pipe(v.number(), v.finite());
const PastTime = v.pipe(Time, v.minValue(1));
const Flag = v.boolean();
const Whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const Source = v.picklist(['token', 'id_token', 'org', 'manual']);
const SwitchReason = v.picklist(['rate-limit', 'initial', 'rotation', 'best', 'restore', 'manual']);
const CooldownReason = v.picklist(['auth-failure', 'network-error', 'server-error', 'rate-limit']);
const WorkspaceRow = v.looseObject({ id: v.string() });
const Workspaces = v.array(WorkspaceRow);
const ResetTimes = v.record(v.string(), v.unknown());

const NOTHING: Row = Object.freeze({});

/** Takes known members out of a row, one by one; what nobody took is the rest. */
export function takeFrom(row: Row) {
  const taken = new Set<string>();
  const peek = <S extends v.GenericSchema>(name: string, schema: S): v.InferOutput<S> | null => {
    if (row[name] === undefined) return null; // most rows lack most members, and issues are costly to make
    const parsed = v.safeParse(schema, row[name]);
    return parsed.success ? parsed.output : null;
  };
  return {
    /** The member, which stays in the rest. */
    peek,
    take<S extends v.GenericSchema>(name: string, schema: S): v.InferOutput<S> | null {
      const value = peek(name, schema);
      if (value !== null) taken.add(name);
      return value;
    },
    /** To be asked for last. */
    rest: (): Row => {
      const names = Object.keys(row).filter((name) => !taken.has(name));
      return names.length === 0 ? NOTHING : Object.fromEntries(names.map((name) => [name, row[name]]));
    },
  };
}

type Taker = ReturnType<typeof takeFrom>;

/** The account of a row; `null` without a refresh token, which no account can do without. */
export function parseRow(row: Row): ChatgptAccount | null {
  const taker = takeFrom(row);
  const { take, rest } = taker;
  const refreshToken = take('refreshToken', Text);
  if (refreshToken === null) return null;
  const accountId = take('accountId', Text);
  const email = take('email', Text)?.toLowerCase() ?? null;
  const addedAt = take('addedAt', Time) ?? 0;
  const invalidatedAt = take('authInvalidatedAt', PastTime);
  const invalidationCode = take('authInvalidationErrorCode', Text);
  return {
    kind: 'chatgpt',
    key: accountKey({ kind: 'chatgpt', accountId, email, addedAt }),
    refreshToken,
    accessToken: take('accessToken', Text),
    expiresAt: take('expiresAt', Time),
    idToken: null,
    accountId,
    accountIdSource: take('accountIdSource', Source),
    email,
    addedAt,
    invalidated: invalidatedAt === null ? null : { at: invalidatedAt, code: invalidationCode },
    ...takeWorkspaces(taker),
    currentWorkspaceIndex: take('currentWorkspaceIndex', Whole),
    recordId: take('recordId', Text),
    ...takeCommon(taker),
    rest: rest(),
  };
}

/** What ChatGPT logins and API keys have in common. */
export function takeCommon({ take }: Taker) {
  const untilMs = take('coolingDownUntil', Time);
  const reason = take('cooldownReason', CooldownReason);
  return {
    label: take('accountLabel', Text),
    // Only `false` is off; codex-multi-auth leaves the member out for on.
    isEnabled: (take('enabled', Flag) ?? true) !== false,
    lastUsed: take('lastUsed', Time) ?? 0,
    lastSwitchReason: take('lastSwitchReason', SwitchReason),
    rateLimitResetTimes: takeResetTimes(take),
    cooldown: untilMs === null ? null : { untilMs, reason: reason ?? ('network-error' as const) },
  };
}

function takeResetTimes(take: Taker['take']): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(take('rateLimitResetTimes', ResetTimes) ?? {}).flatMap(([key, time]) =>
      v.is(Time, time) ? [[key, time]] : [],
    ),
  );
}

const WORKSPACE_MEMBERS: ReadonlySet<string> = new Set(['id', 'name', 'enabled', 'disabledAt', 'isDefault']);

function takeWorkspaces({ peek, take }: Taker) {
  const rows = peek('workspaces', Workspaces) ?? [];
  // Members unknown to us stay with the row, to be put back by id.
  const isKnown = rows.every((row) => Object.keys(row).every((name) => WORKSPACE_MEMBERS.has(name)));
  if (isKnown) take('workspaces', Workspaces);
  const workspaces = rows.map(
    (row): Workspace => ({
      id: row.id,
      name: textOf(row.name),
      isEnabled: row.enabled !== false,
      disabledAt: v.is(Time, row.disabledAt) ? row.disabledAt : null,
      isDefault: row.isDefault === true,
    }),
  );
  return { workspaces };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** The row of an account, in the documented order; unknown members last. */
export function rowOf(account: ChatgptAccount): Row {
  const { rest, invalidated } = account;
  return withRest(
    {
      recordId: account.recordId,
      accountId: account.accountId,
      accountIdSource: account.accountIdSource,
      accountLabel: account.label,
      email: account.email,
      refreshToken: account.refreshToken,
      accessToken: account.accessToken,
      expiresAt: account.expiresAt,
      ...commonMembers(account),
      authInvalidatedAt: invalidated?.at,
      authInvalidationErrorCode: invalidated?.code,
      workspaces: account.workspaces.length === 0 ? null : workspaceRows(account),
      currentWorkspaceIndex: account.currentWorkspaceIndex,
    },
    rest,
  );
}

/** The members that {@link takeCommon} takes. */
export function commonMembers(account: Omit<ChatgptAccount, 'kind'> | CommonAccount) {
  return {
    enabled: account.isEnabled ? null : false,
    addedAt: account.addedAt,
    lastUsed: account.lastUsed,
    lastSwitchReason: account.lastSwitchReason,
    rateLimitResetTimes:
      Object.keys(account.rateLimitResetTimes).length === 0 ? null : account.rateLimitResetTimes,
    coolingDownUntil: account.cooldown?.untilMs,
    cooldownReason: account.cooldown?.reason,
  };
}

type CommonAccount = Pick<
  ChatgptAccount,
  'isEnabled' | 'addedAt' | 'lastUsed' | 'lastSwitchReason' | 'rateLimitResetTimes' | 'cooldown'
>;

function workspaceRows({ workspaces, rest }: ChatgptAccount): readonly Row[] {
  const kept = v.safeParse(Workspaces, rest.workspaces);
  const rows = new Map(kept.success ? kept.output.map((row) => [row.id, row]) : []);
  return workspaces.map((workspace) =>
    withRest(
      {
        id: workspace.id,
        name: workspace.name,
        enabled: workspace.isEnabled,
        disabledAt: workspace.disabledAt,
        isDefault: workspace.isDefault ? true : null,
      },
      Object.fromEntries(
        Object.entries(rows.get(workspace.id) ?? {}).filter(([name]) => !WORKSPACE_MEMBERS.has(name)),
      ),
    ),
  );
}

/** The members that have a value, then what is unknown and has no such name. */
export function withRest(members: Record<string, unknown>, rest: Row): Row {
  const present = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  const names = new Set(present.map(([name]) => name));
  return Object.fromEntries([...present, ...Object.entries(rest).filter(([name]) => !names.has(name))]);
}

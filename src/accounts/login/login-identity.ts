/**
 * Whose login the tokens are, and which workspaces they offer. Nothing is verified: the tokens came from the sign-in server
 * over TLS, and Codex does not check them either.
 */
import * as v from 'valibot';
import type { AccountIdSource, Workspace } from '../account.ts';

export interface LoginIdentity {
  /** Lower case. */
  readonly email: string | null;
  readonly planType: string | null;
  /** The workspace the login works in; `null` when neither the tokens nor the person name one. */
  readonly accountId: string | null;
  readonly accountIdSource: AccountIdSource | null;
  /** Everything that can be chosen, the chosen one among them. */
  readonly workspaces: readonly Workspace[];
  /** The chosen workspace is one of those the tokens name. */
  readonly isOffered: boolean;
}

export interface LoginTokens {
  readonly idToken: string | null;
  readonly accessToken: string;
}

const AUTH_CLAIM = 'https://api.openai.com/auth';
const PROFILE_CLAIM = 'https://api.openai.com/profile';
/** Where tokens list organisations and workspaces, at the top or below the auth claim (codex-multi-auth 2.8 reads these). */
const LISTS = ['organizations', 'orgs', 'accounts', 'workspaces', 'teams'] as const;
const WRAPPERS = ['data', 'items', 'accounts', 'organizations', 'workspaces', 'teams'] as const;

const Claims = v.record(v.string(), v.unknown());
type Claims = v.InferOutput<typeof Claims>;

interface Candidate {
  readonly id: string;
  readonly name: string | null;
  readonly isDefault: boolean;
}

/**
 * Reads the identity. `wanted`: the workspace id the person asked for (`--org`). Without it the workspace is the one that the
 * server bound the tokens to (`chatgpt_account_id`), which is what Codex sends; ids like `org-…` belong to the API platform
 * and are offered, but taken by themselves only when the tokens name nothing else.
 */
export async function readLoginIdentity(tokens: LoginTokens, wanted: string | null): Promise<LoginIdentity> {
  const [idClaims, accessClaims] = await Promise.all([
    decodeClaims(tokens.idToken),
    decodeClaims(tokens.accessToken),
  ]);
  const fromIdToken = accountIdOf(idClaims);
  const fromToken = accountIdOf(accessClaims);
  const listed = [...candidatesOf(idClaims), ...candidatesOf(accessClaims)];
  const bound = [fromToken, fromIdToken].flatMap((id): Candidate[] =>
    id === null ? [] : [{ id, name: null, isDefault: false }],
  );
  const offered = uniteById([...bound, ...listed]);
  const isOffered = wanted === null || offered.some(({ id }) => id === wanted);
  const chosen = choose(offered, { wanted, fromIdToken, fromToken });
  const all =
    wanted === null || isOffered ? offered : [...offered, { id: wanted, name: null, isDefault: false }];
  return {
    email: emailOf(idClaims, accessClaims),
    planType: textOf(authOf(idClaims).chatgpt_plan_type) ?? textOf(authOf(accessClaims).chatgpt_plan_type),
    accountId: chosen?.id ?? null,
    accountIdSource: chosen?.source ?? null,
    workspaces: all.map(({ id, name, isDefault }) => ({
      id,
      name,
      isDefault,
      isEnabled: true,
      disabledAt: null,
    })),
    isOffered,
  };
}

function choose(
  offered: readonly Candidate[],
  ids: {
    readonly wanted: string | null;
    readonly fromIdToken: string | null;
    readonly fromToken: string | null;
  },
): { readonly id: string; readonly source: AccountIdSource } | null {
  if (ids.wanted !== null) return { id: ids.wanted, source: 'manual' };
  if (ids.fromToken !== null) return { id: ids.fromToken, source: 'token' };
  if (ids.fromIdToken !== null) return { id: ids.fromIdToken, source: 'id_token' };
  const organisation = offered.find(({ isDefault }) => isDefault) ?? offered[0];
  return organisation === undefined ? null : { id: organisation.id, source: 'org' };
}

async function decodeClaims(token: string | null): Promise<Claims> {
  if (token === null) return {};
  const { decodeJwt } = await import('jose/jwt/decode');
  try {
    return v.parse(Claims, decodeJwt(token));
  } catch {
    return {}; // an opaque token names nobody; the other one may
  }
}

function authOf(claims: Claims): Claims {
  const auth = v.safeParse(Claims, claims[AUTH_CLAIM]);
  return auth.success ? auth.output : {};
}

function accountIdOf(claims: Claims): string | null {
  const { chatgpt_account_id } = authOf(claims);
  return (
    textOf(chatgpt_account_id) ??
    textOf(claims.chatgpt_account_id) ??
    textOf(claims.account_id) ??
    textOf(claims.accountId)
  );
}

function emailOf(idClaims: Claims, accessClaims: Claims): string | null {
  const profile = v.safeParse(Claims, accessClaims[PROFILE_CLAIM]);
  const auth = authOf(accessClaims);
  const email =
    textOf(idClaims.email) ??
    (profile.success ? textOf(profile.output.email) : null) ??
    textOf(auth.email) ??
    textOf(auth.chatgpt_user_email) ??
    textOf(accessClaims.email) ??
    textOf(accessClaims.preferred_username);
  return email?.includes('@') ? email.toLowerCase() : null;
}

function candidatesOf(claims: Claims): readonly Candidate[] {
  const auth = authOf(claims);
  return LISTS.flatMap((name) => [...entriesOf(claims[name]), ...entriesOf(auth[name])]).flatMap(toCandidate);
}

/** The list itself, or one wrapped in `data`, `items`, …. */
function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const object = v.safeParse(Claims, value);
  if (!object.success) return [];
  for (const name of WRAPPERS) {
    const inner: unknown = object.output[name];
    if (Array.isArray(inner)) return inner;
  }
  return [];
}

function toCandidate(entry: unknown): readonly Candidate[] {
  const object = v.safeParse(Claims, entry);
  if (!object.success) return [];
  const row = object.output;
  const id =
    textOf(row.id) ??
    textOf(row.account_id) ??
    textOf(row.organization_id) ??
    textOf(row.workspace_id) ??
    textOf(row.team_id);
  if (id === null) return [];
  const name = textOf(row.title) ?? textOf(row.name) ?? textOf(row.display_name);
  return [{ id, name, isDefault: row.is_default === true || row.isDefault === true || row.default === true }];
}

function uniteById(candidates: readonly Candidate[]): readonly Candidate[] {
  const byId = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const known = byId.get(candidate.id);
    byId.set(candidate.id, {
      id: candidate.id,
      name: known?.name ?? candidate.name,
      isDefault: (known?.isDefault ?? false) || candidate.isDefault,
    });
  }
  return [...byId.values()];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

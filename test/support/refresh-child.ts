/** A process that asks for fresh tokens of the pool's first account: `HOME CALLS`. Prints what came of each call. */
import { ensureFreshTokens } from '../../src/accounts/refresh/refresh-account.ts';
import { requirePool } from '../../src/accounts/store/pool-store.ts';
import { createHost } from '../../src/host.ts';

const [home = '', calls = '1'] = process.argv.slice(2);
const scope = () => ({
  host: createHost({ userHome: home, cwd: home }),
  home: { path: home, source: 'env' as const },
  signal: new AbortController().signal,
});
const [account] = (await requirePool(scope())).accounts;
if (account?.kind !== 'chatgpt') throw new Error('no account in the pool');
const outcomes = await Promise.all(
  Array.from({ length: Number(calls) }, async () => {
    const outcome = await ensureFreshTokens(scope(), account);
    return { kind: outcome.kind, token: outcome.account.accessToken?.slice(-12) ?? '' };
  }),
);
process.stdout.write(JSON.stringify(outcomes));

/**
 * Sessions of the real Codex in which something goes wrong: rows of `docs/gateway-failures.md`, each on one version and transport
 * in turn; with `STEWARD_TEST_FULL=1` all rows on all.
 */
import { afterEach, expect, it } from 'vitest';
import { FULL } from '../support/full.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';
import { SESSION_FAILURES, tryFailure } from '../support/session-failures.ts';
import { makeSessionWorld, type SessionWorld, TRANSPORTS } from '../support/session-world.ts';

const WAYS = CODEX_ALIASES.flatMap((alias) => TRANSPORTS.map((transport) => ({ alias, transport })));
let world: SessionWorld | null = null;
afterEach(async () => {
  await world?.stop();
  world = null;
});

it.each(
  SESSION_FAILURES.filter(({ isSample = false }) => FULL || isSample).flatMap((failure, index) =>
    WAYS.filter((_, way) => FULL || way === index % WAYS.length).map((way) => ({
      ...way,
      failure,
      name: failure.name,
    })),
  ),
)('$name: seen as it should be ($alias over $transport)', async ({ alias, transport, failure }) => {
  world = await makeSessionWorld(alias, transport);
  const tried = await tryFailure(world, failure);
  expect(tried.trouble).toEqual([]);
});

/** The control endpoint's messages: what chaos tests and people may turn while a lab runs. */
import * as v from 'valibot';
import { LAB_ACCOUNT_NAMES } from '../accounts.ts';
import { faultSchema } from '../fault.ts';
import { settingsPatchSchema } from '../settings.ts';

/** Below this path; never counted, never harmed. */
export const CONTROL_PATH = '/__lab';

const account = v.picklist(LAB_ACCOUNT_NAMES);

export const controlSchema = v.variant('do', [
  /** Replaces everything in force by that scenario (`mfa-required+slow`); `ok` heals. */
  v.object({ do: v.literal('scenario'), name: v.string() }),
  v.object({ do: v.literal('fault'), faults: v.array(faultSchema) }),
  v.object({ do: v.literal('clear-faults') }),
  v.object({ do: v.literal('settings'), patch: settingsPatchSchema }),
  v.object({ do: v.literal('move-clock'), ms: v.number() }),
  /** Stops listening for that long, so that connections are refused, and ends those that are open. */
  v.object({ do: v.literal('refuse'), ms: v.pipe(v.number(), v.minValue(1)) }),
  /** Ends open WebSockets. */
  v.object({ do: v.literal('drop-sockets') }),
  v.object({ do: v.literal('device'), userCode: v.string(), decision: v.picklist(['approved', 'denied']) }),
  /** Revokes every session, or those of one account. */
  v.object({ do: v.literal('revoke-sessions'), account: v.optional(account) }),
  v.object({ do: v.literal('add-clients'), account, count: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  v.object({ do: v.literal('revoke-client'), clientId: v.string() }),
  v.object({ do: v.literal('forget-servers') }),
  v.object({ do: v.literal('end-ghosts') }),
  /** A JSON-RPC request to the machine of that environment, as a paired phone sends it. */
  v.object({
    do: v.literal('call-host'),
    environmentId: v.string(),
    method: v.string(),
    params: v.optional(v.unknown()),
  }),
]);

export type ControlCommand = v.InferInput<typeof controlSchema>;

const serverStateSchema = v.object({
  serverId: v.string(),
  environmentId: v.string(),
  installationId: v.string(),
  account: v.string(),
  name: v.string(),
  online: v.boolean(),
  ghost: v.boolean(),
});

const clientStateSchema = v.object({
  clientId: v.string(),
  account: v.string(),
  status: v.string(),
  environments: v.array(v.string()),
});

export const stateSchema = v.object({
  scenario: v.string(),
  settings: v.record(v.string(), v.unknown()),
  clockOffsetMs: v.number(),
  servers: v.array(serverStateSchema),
  clients: v.array(clientStateSchema),
});

/** What a lab is up to, without any secret. */
export type LabState = v.InferOutput<typeof stateSchema>;

export const requestsSchema = v.array(
  v.object({
    time: v.string(),
    method: v.string(),
    path: v.string(),
    account: v.nullable(v.string()),
    status: v.nullable(v.number()),
    ms: v.number(),
    note: v.nullable(v.string()),
  }),
);

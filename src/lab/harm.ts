/** What faults make of an answer: another answer, added headers, another content type, half a body. */

import type { LabAccount } from './accounts.ts';
import { challengePage, json, type LabAnswer } from './answer.ts';
import { isModelEvent } from './backend/model-events.ts';
import type { Harm } from './fault-book.ts';
import { fillIn, fillText } from './placeholders.ts';
import type { LabWorld } from './world.ts';

/** The answer that a fault puts in the place of the real one, if one does. */
export function insteadOf(
  harm: Harm,
  world: LabWorld,
  account: LabAccount | undefined,
): LabAnswer | undefined {
  const { instead } = harm;
  switch (instead?.kind) {
    case 'challenge':
      return challengePage();
    case 'events':
      return {
        kind: 'events',
        headers: {},
        events: instead.events.map((event) => fillIn(event, world.clock, account)).filter(isModelEvent),
        ending: instead.ending,
      };
    case 'answer': {
      const headers = filled(instead.headers ?? {}, world, account);
      if (instead.json !== undefined)
        return json(instead.status, fillIn(instead.json, world.clock, account), headers);
      return { kind: 'full', status: instead.status, headers, body: instead.text ?? '' };
    }
    default:
      return undefined; // `hang` has no answer, and `close` concerns an open WebSocket
  }
}

/** The answer with the smaller harms done to it. */
export function harmed(
  answer: LabAnswer,
  harm: Harm,
  world: LabWorld,
  account: LabAccount | undefined,
): LabAnswer {
  const headers = {
    ...answer.headers,
    ...filled(harm.headers, world, account),
    ...(harm.contentType === undefined ? {} : { 'content-type': harm.contentType }),
  };
  if (answer.kind === 'events') {
    const events = harm.halfBody
      ? answer.events.slice(0, Math.ceil(answer.events.length / 2))
      : answer.events;
    return { ...answer, headers, events };
  }
  return {
    ...answer,
    headers,
    body: harm.halfBody ? answer.body.slice(0, answer.body.length / 2) : answer.body,
  };
}

function filled(headers: Readonly<Record<string, string>>, world: LabWorld, account: LabAccount | undefined) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, fillText(value, world.clock, account)]),
  );
}

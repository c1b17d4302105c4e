/** The faults in force: finds those that meet a request and counts them down. */
import * as v from 'valibot';
import type { LabAccountName } from './accounts.ts';
import { type Effect, type Fault, type FaultInput, faultSchema } from './fault.ts';

export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  readonly transport: 'http' | 'websocket' | 'frame';
  readonly account: LabAccountName | undefined;
}

/** All that goes wrong with one request, gathered from every fault that met it. */
export interface Harm {
  readonly names: readonly string[];
  /** Delays add up. */
  readonly delayMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The first fault that replaces the answer wins. */
  readonly instead:
    | Extract<Effect, { kind: 'answer' | 'events' | 'hang' | 'challenge' | 'close' }>
    | undefined;
  /** The first fault of the line wins. */
  readonly line: Extract<Effect, { kind: 'cut' | 'silent' | 'reset' }> | undefined;
  readonly contentType: string | undefined;
  readonly halfBody: boolean;
}

/** What happens to a request that meets no fault. */
export const NO_HARM: Harm = {
  names: [],
  delayMs: 0,
  headers: {},
  instead: undefined,
  line: undefined,
  contentType: undefined,
  halfBody: false,
};

export interface FaultBook {
  add(faults: readonly FaultInput[]): void;
  clear(): void;
  /** Counts the request against every fault that meets it. */
  take(subject: FaultSubject): Harm;
}

interface Entry {
  readonly fault: Fault;
  readonly path: RegExp | undefined;
  seen: number;
}

export function createFaultBook(): FaultBook {
  let entries: Entry[] = [];
  return {
    add: (faults) => {
      for (const input of faults) {
        const fault = v.parse(faultSchema, input);
        entries.push({
          fault,
          path: fault.match.path === undefined ? undefined : pathPattern(fault.match.path),
          seen: 0,
        });
      }
    },
    clear: () => {
      entries = [];
    },
    take: (subject) => {
      const met = entries.filter((entry) => isMet(entry, subject)).map((entry) => entry.fault);
      entries = entries.filter((entry) => !isSpent(entry));
      return harmOf(met);
    },
  };
}

/** `*` stands for one path segment, `**` for any number of them. */
export function pathPattern(glob: string): RegExp {
  const source = glob
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}

function isMet(entry: Entry, subject: FaultSubject): boolean {
  const { match, skip, times } = entry.fault;
  if (match.method !== undefined && match.method !== subject.method) return false;
  if ((match.transport ?? notFrame(subject)) !== subject.transport) return false;
  if (match.account !== undefined && match.account !== subject.account) return false;
  if (entry.path !== undefined && !entry.path.test(subject.path)) return false;
  entry.seen += 1;
  return entry.seen > skip && (times === undefined || entry.seen <= skip + times);
}

/** The transports that a fault meets without naming one. */
function notFrame({ transport }: FaultSubject): FaultSubject['transport'] | null {
  return transport === 'frame' ? null : transport;
}

function isSpent(entry: Entry): boolean {
  const { skip, times } = entry.fault;
  return times !== undefined && entry.seen >= skip + times;
}

function harmOf(faults: readonly Fault[]): Harm {
  let delayMs = 0;
  let headers: Record<string, string> = {};
  let instead: Harm['instead'];
  let line: Harm['line'];
  let contentType: string | undefined;
  let halfBody = false;
  for (const { effect } of faults) {
    switch (effect.kind) {
      case 'delay':
        delayMs += effect.ms;
        break;
      case 'headers':
        headers = { ...headers, ...effect.headers };
        break;
      case 'cut':
      case 'silent':
      case 'reset':
        line ??= effect;
        break;
      case 'content-type':
        contentType ??= effect.value;
        break;
      case 'half-body':
        halfBody = true;
        break;
      default:
        instead ??= effect;
    }
  }
  const names = faults.flatMap((fault) => (fault.name === undefined ? [] : [fault.name]));
  return { names: [...new Set(names)], delayMs, headers, instead, line, contentType, halfBody };
}

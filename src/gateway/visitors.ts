/**
 * Who has come with a good token: this user, or somebody who read the token from the arguments of a `codex` in the process
 * list. The credential that a session brings along tells, and costs nothing; for any other the kernel tells on Linux, and on
 * Windows arguments are nobody else's to read. Once told, it holds for that connection.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { CodexScope } from '../codex/home.ts';
import { readLoginFacts } from '../codex/login-facts.ts';
import { createOwnBearers } from './own-bearers.ts';
import { createPeerOwner } from './peer-owner.ts';

/** `guest`: it cannot be told; served as it came, with the credential that it brought. */
export type Visitor = 'own' | 'guest' | 'foreign';

export interface Visitors {
  /** Without waiting, for a connection that has shown itself before. */
  isOwn(socket: Socket): boolean;
  tell(socket: Socket, headers: IncomingHttpHeaders): Promise<Visitor>;
}

export function createVisitors(scope: CodexScope): Visitors {
  const { host } = scope;
  const own = new WeakSet<Socket>();
  const ownerOf = createPeerOwner(host);
  const bearers = createOwnBearers(scope);
  const look = async (socket: Socket, { authorization }: IncomingHttpHeaders): Promise<Visitor> => {
    if (host.platform === 'win32' || (await bearers.has(authorization))) return 'own';
    const owner = await ownerOf(socket);
    if (owner !== 'unknown') return owner;
    // What Codex keeps in the system's keyring cannot be compared: there the token has to do.
    const { store } = await readLoginFacts(scope);
    return store === 'file' ? 'guest' : 'own';
  };
  return {
    isOwn: (socket) => own.has(socket),
    tell: async (socket, headers) => {
      const visitor = await look(socket, headers);
      if (visitor === 'own') own.add(socket);
      return visitor;
    },
  };
}

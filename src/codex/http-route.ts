/**
 * The way that HTTP requests of ours take: the same proxies and authorities as the Codex process of this home
 * (`proxy.ts`, `tls-ca.ts` say which and where that was measured), one pool of connections for each proxy.
 */
import type { Dispatcher } from 'undici';
import type { CodexScope } from './home.ts';
import { type NetworkEnvironment, readNetworkEnvironment } from './network-env.ts';
import { type ProxySetting, proxyFor } from './proxy.ts';
import { readTrustedRoots } from './route-trust.ts';
import { readCaSettings } from './tls-ca.ts';

export interface HttpRoutes {
  /** The dispatcher for that URL. Environment and authorities are read once, at the first call. */
  dispatcherFor(url: URL): Promise<Dispatcher>;
  /** Ends idle and running connections. Idle ones alone do not keep a process alive. */
  close(): Promise<void>;
}

/** Opens nothing and reads nothing until it is asked. */
export function createHttpRoutes(scope: CodexScope): HttpRoutes {
  let environment: Promise<NetworkEnvironment> | undefined;
  let context: ReturnType<typeof secureContext> | undefined;
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  return {
    dispatcherFor: async (url) => {
      environment ??= readNetworkEnvironment(scope);
      const choice = proxyFor(url, await environment);
      const proxy = choice.kind === 'proxy' ? choice.proxy : null; // Codex skips a proxy setting that is no URL
      const secure = url.protocol === 'https:' || proxy?.scheme === 'https';
      // Reading the authorities costs tens of milliseconds, so plain HTTP goes without.
      const name = `${secure ? 'tls' : 'plain'} ${proxy?.shown ?? ''}`;
      let dispatcher = dispatchers.get(name);
      if (dispatcher === undefined) {
        if (secure) context ??= secureContext(scope);
        dispatcher = createDispatcher(proxy, url.protocol === 'https:', context);
        dispatchers.set(name, dispatcher);
      }
      return await dispatcher;
    },
    close: async () => {
      await Promise.all([...dispatchers.values()].map(async (dispatcher) => (await dispatcher).destroy()));
    },
  };
}

async function secureContext(scope: CodexScope) {
  return (await readTrustedRoots(scope.host, await readCaSettings(scope))).secureContext;
}

async function createDispatcher(
  proxy: ProxySetting | null,
  isTunnel: boolean,
  context: ReturnType<typeof secureContext> | undefined,
): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('./undici-parts.ts');
  const tls = context === undefined ? {} : { secureContext: await context };
  // Whoever asks sets one deadline for everything, connecting included.
  const limits = { headersTimeout: 0, bodyTimeout: 0 };
  if (proxy === null) return new Agent({ ...limits, connect: { timeout: 0, ...tls } });
  const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host;
  return new ProxyAgent({
    ...limits,
    // Codex speaks HTTP to a `socks5://` proxy too.
    uri: `${proxy.scheme === 'https' ? 'https' : 'http'}://${host}:${proxy.port}`,
    ...(proxy.authorization === null ? {} : { token: proxy.authorization }),
    proxyTunnel: isTunnel,
    proxyTls: { timeout: 0, ...tls },
    requestTls: { timeout: 0, ...tls },
  });
}

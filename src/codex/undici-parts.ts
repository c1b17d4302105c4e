/**
 * What we use of undici, under its names. undici is CommonJS: imported as a chunk of its own, a bundle would give it one
 * `default` and no names.
 */
export { Agent, DecoratorHandler, EnvHttpProxyAgent, ProxyAgent, request } from 'undici';

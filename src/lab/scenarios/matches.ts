/** The places where faults strike, named once. */

const REMOTE = '/backend-api/wham/remote/control';

/** Requests to the model over both transports. */
export const MODEL = { path: '**/responses' } as const;
export const MODEL_HTTP = { path: '**/responses', transport: 'http' } as const;
export const MODEL_SOCKET = { path: '**/responses', transport: 'websocket' } as const;
export const MODEL_LIST = { method: 'GET', path: '**/models' } as const;
export const TOKEN = { method: 'POST', path: '/oauth/token' } as const;
export const USER_CODE = { method: 'POST', path: '/api/accounts/deviceauth/usercode' } as const;
export const ENROLL = { method: 'POST', path: `${REMOTE}/server/enroll` } as const;
export const HOST_SOCKET = { path: `${REMOTE}/server`, transport: 'websocket' } as const;
export const PAIR = { method: 'POST', path: `${REMOTE}/server/pair` } as const;
export const MCP = { path: '/mcp' } as const;
export const ANYTHING = {} as const;

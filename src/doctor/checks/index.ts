/** Every check of the doctor, in the order in which the screen shows them. A new check is added here. */
import type { Check } from '../check.ts';
import { authCallbackPortCheck } from './auth-callback-port.ts';
import { authConflictCheck } from './auth-conflict.ts';
import { authEndpointCheck } from './auth-endpoint.ts';
import { authLoginCheck } from './auth-login.ts';
import { authStoreCheck } from './auth-store.ts';
import { configHomeCheck } from './config-home.ts';
import { configLoginCheck } from './config-login.ts';
import { configSyntaxCheck } from './config-syntax.ts';
import { configTrustCheck } from './config-trust.ts';
import { configValuesCheck } from './config-values.ts';
import { gatewayCheck } from './gateway.ts';
import { installCheck } from './install.ts';
import { ideCheck } from './install-ide.ts';
import { logsCheck } from './logs.ts';
import { mcpCheck } from './mcp.ts';
import { modelChoiceCheck } from './model-choice.ts';
import { networkRouteCheck } from './network-route.ts';
import { networkSettingsCheck } from './network-settings.ts';
import { officialCheck } from './official.ts';
import { poolCheck } from './pool.ts';
import { poolLoginsCheck } from './pool-logins.ts';
import { providerEndpointCheck } from './provider-endpoint.ts';
import { remoteDaemonCheck } from './remote-daemon.ts';
import { remoteErrorCheck } from './remote-error.ts';
import { remoteIdentityCheck } from './remote-identity.ts';
import { remotePairingCheck } from './remote-pairing.ts';
import { remoteServerCheck } from './remote-server.ts';
import { sandboxCheck } from './sandbox.ts';
import { STATE_CHECKS } from './state.ts';

export const CHECKS: readonly Check[] = [
  installCheck,
  ideCheck,
  officialCheck,
  configHomeCheck,
  configSyntaxCheck,
  configValuesCheck,
  configLoginCheck,
  configTrustCheck,
  authLoginCheck,
  authStoreCheck,
  authConflictCheck,
  authEndpointCheck,
  authCallbackPortCheck,
  poolCheck,
  poolLoginsCheck,
  modelChoiceCheck,
  providerEndpointCheck,
  gatewayCheck,
  ...STATE_CHECKS,
  sandboxCheck,
  mcpCheck,
  remoteErrorCheck,
  remoteDaemonCheck,
  remotePairingCheck,
  remoteIdentityCheck,
  remoteServerCheck,
  networkSettingsCheck,
  networkRouteCheck,
  logsCheck,
];

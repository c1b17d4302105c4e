/** The issuer's own device-code flow (not RFC 8628): Codex 0.133 and 0.169 poll until 2xx, and wait on 403 and 404. */
import { apiError, html, json } from '../answer.ts';
import { bodyFields, textField } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import { challengeOf } from './codes.ts';
import { devicePage } from './pages.ts';
import { PASSWORD_ONLY, WITH_MFA } from './sessions.ts';

const ADMIN_OFF = 'Please contact your workspace admin to enable device code authentication.';

export const DEVICE_ROUTES: readonly LabRoute[] = [
  {
    method: 'POST',
    path: '/api/accounts/deviceauth/usercode',
    handle: (_exchange, world) => {
      const { deviceCode, devicePollSeconds } = world.settings();
      if (deviceCode === 'off') return apiError(404, 'device_code_disabled', ADMIN_OFF);
      const login = world.devices.start();
      return json(200, {
        device_auth_id: login.deviceAuthId,
        user_code: login.userCode,
        interval: String(devicePollSeconds), // the issuer sends text, and Codex expects text
      });
    },
  },
  {
    method: 'POST',
    path: '/api/accounts/deviceauth/token',
    handle: (exchange, world) => {
      const fields = bodyFields(exchange);
      const { outcome, login } = world.devices.poll(
        textField(fields, 'device_auth_id'),
        textField(fields, 'user_code'),
      );
      switch (outcome) {
        case 'pending':
          return apiError(403, 'deviceauth_authorization_unknown', 'Device authorization is pending.');
        case 'unknown':
          return apiError(400, 'deviceauth_unknown', 'Unknown device authorization.');
        case 'denied':
          return apiError(400, 'access_denied', 'The person refused the device authorization.');
        case 'expired':
          return apiError(400, 'expired_token', 'The device authorization has expired.');
        case 'approved': {
          const verifier = login?.verifier ?? '';
          const { account, loginWithMfa } = world.settings();
          const code = world.codes.make({
            account: world.account(account),
            amr: loginWithMfa ? WITH_MFA : PASSWORD_ONLY,
            redirectUri: `${world.baseUrl}/deviceauth/callback`,
            challenge: challengeOf(verifier),
          });
          return json(200, {
            authorization_code: code,
            code_challenge: challengeOf(verifier),
            code_verifier: verifier,
          });
        }
      }
    },
  },
  {
    method: 'GET',
    path: '/codex/device',
    handle: (_exchange, world) =>
      world.settings().deviceCode === 'off'
        ? html(403, devicePage(ADMIN_OFF))
        : html(200, devicePage('Type the code that your terminal shows.')),
  },
  {
    method: 'POST',
    path: '/codex/device',
    handle: (exchange, world) => {
      const form = bodyFields(exchange);
      const decision = textField(form, 'decision') === 'denied' ? 'denied' : 'approved';
      const found = world.devices.decide(textField(form, 'user_code').trim().toUpperCase(), decision);
      if (!found) return html(404, devicePage('No login waits for this code.'));
      return html(200, devicePage(decision === 'approved' ? 'Done. Go back to your terminal.' : 'Refused.'));
    },
  },
];

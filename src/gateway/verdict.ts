/** What to do about an upstream's answer, before anything of it has been shown. */

export type RotateReason =
  | 'usage-limit'
  | 'too-many-requests'
  | 'credits'
  | 'plan'
  | 'deactivated'
  | 'model-unsupported';

export type StopReason = 'safety' | 'region' | 'edge' | 'mfa' | 'workspace-policy';

export type Verdict =
  /** It is the client's business: a success, or a mistake in its request. */
  | { readonly kind: 'pass' }
  /** Passed on, and never tried elsewhere: another account would be evasion, or meet the same wall. */
  | { readonly kind: 'stop'; readonly why: StopReason }
  /** This account cannot; another may. `untilMs` is when it can again (epoch ms), `null` when nobody said. */
  | { readonly kind: 'rotate'; readonly why: RotateReason; readonly untilMs: number | null }
  /** The credential was refused: a new one may do. */
  | { readonly kind: 'refresh'; readonly code: string | null }
  /** The server's or the network's trouble, which most likely concerns every account. */
  | {
      readonly kind: 'wait';
      readonly why: 'server' | 'overloaded' | 'network';
      readonly afterMs: number | null;
    }
  /** The input holds what only another account can decrypt. */
  | { readonly kind: 'strip' }
  /** The connection knows no such earlier response; the whole conversation must be sent. */
  | { readonly kind: 'resend' }
  /** The WebSocket has reached its age; a new one continues. */
  | { readonly kind: 'reconnect' };

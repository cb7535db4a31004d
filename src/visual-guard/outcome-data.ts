/**
 * The data in the outcome of a sign-in. The library exports these types, so this file imports no other part of the engine:
 * the published types contain what it imports.
 */
import type { Reason } from '../core/reasons.ts';

/** A method of a challenge, as in `msg.auth.challenge.methods`. */
export interface OfferedMethod {
  /** Random, made here: the server's ids stay in this process. */
  id: string;
  /** `otp`: a code that is sent; `link`: a link that is sent; `code`: a code that the user has by other means. */
  kind: 'otp' | 'link' | 'code';
  transport: 'sms' | 'email' | 'whatsapp' | 'app' | 'other';
  /** The server's masked text, such as `+91*****34003`. */
  destination: string;
  label: string;
}

/** The flags, status numbers and status names of a response, merged. */
export interface MergedState {
  /** The bits, unknown ones included. */
  value: number;
  /** Their names in the order of the bits, then unknown names. */
  names: string[];
}

/** The two statuses of a response, as in `msg.auth.status`. */
export interface VisualGuardStatus {
  /** The state of the authentication: `Success`, or why not. */
  authentication: MergedState;
  /** The state of the authorization for the application. */
  authorization: MergedState;
}

/** A sign-in that the server, or a rule of the engine, has refused. No challenge is open. */
export interface Refused {
  state: 'refused';
  /** Undefined if it is unknown, as for a challenge that does not exist. */
  user?: string | undefined;
  /** The most useful of all reasons. */
  reason: Reason;
  /** The server's error code (RFC 6749 5.2), if it gave one that may be shown. */
  error?: string | undefined;
  /** The server's description of the error, if it gave one that may be shown: 200 characters at most. */
  errorDescription?: string | undefined;
  /** When another try can help, in ms since 1970. */
  retryAt?: number | undefined;
  /** The address at which the user enrolls for a second factor: http(s), chosen by the server. */
  enrollmentUrl?: string | undefined;
  /** Undefined if a rule of the engine refused, or if the response has no status of Visual Guard. */
  status?: VisualGuardStatus | undefined;
}

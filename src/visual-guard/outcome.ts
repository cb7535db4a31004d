import type { Meter } from '../meter.ts';
import type { Reason } from '../reasons.ts';
import type { Token } from '../token.ts';
import type { Challenge } from './challenge/challenge.ts';
import type { VisualGuardReading, VisualGuardStatus } from './dialect/reply.ts';
import type { Session } from './session/session.ts';

/** A sign-in that worked, or a session that serves. */
export interface SignedIn {
  state: 'signed-in';
  session: Session;
  token: Token;
  /** No request was needed: the login's status is shown. */
  fromLogin: boolean;
}

/** A person has to do something. */
export interface Challenged {
  state: 'mfa-required' | 'code-required' | 'link-sent';
  challenge: Challenge;
  reason?: Reason | undefined;
  retryAt?: number | undefined;
  status?: VisualGuardStatus | undefined;
  /** Where a link was just sent: what comes of it. */
  link?: PendingLink;
}

/** A request that stays open until a person has clicked. */
export interface PendingLink {
  /** Undefined where nothing is to be told: it was ended here, or another way was chosen. Faults are thrown. */
  later: Promise<Outcome | undefined>;
  /** Ends the request. The challenge stays. */
  end(): void;
}

/** The server, or a rule of ours, said no. */
export interface Refused {
  state: 'refused';
  user?: string | undefined;
  reason: Reason;
  error?: string | undefined;
  retryAt?: number | undefined;
  enrollmentUrl?: string | undefined;
  status?: VisualGuardStatus | undefined;
}

export type Outcome = SignedIn | Challenged | Refused;

/** As `refusedBy`, and told to who keeps account of it. */
export function refusedAndTold(
  meter: Meter,
  refusal: Pick<Refused, 'reason' | 'error'>,
  user: string,
  reading?: VisualGuardReading,
): Refused {
  meter.tell({ what: 'refused', user, reason: refusal.reason });
  return refusedBy(refusal, user, reading);
}

/** A refusal with what the reply says of it. */
function refusedBy(refusal: Pick<Refused, 'reason' | 'error'>, user: string, reading?: VisualGuardReading): Refused {
  return {
    state: 'refused',
    user,
    reason: refusal.reason,
    ...(refusal.error ? { error: refusal.error } : {}),
    ...(reading ? { status: reading.status } : {}),
    ...(reading?.enrollmentUrl ? { enrollmentUrl: reading.enrollmentUrl } : {}),
  };
}

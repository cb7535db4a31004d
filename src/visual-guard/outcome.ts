import type { Listeners } from '../core/listeners.ts';
import type { Reason } from '../core/reasons.ts';
import type { Metrics } from '../oauth/metrics.ts';
import type { OAuthError } from '../oauth/oauth-error.ts';
import type { Token } from '../oauth/token.ts';
import type { RecordWrite } from '../store/coordinator.ts';
import type { Method } from './dialect/methods.ts';
import type { VisualGuardResponse } from './dialect/reply.ts';
import type { Refused, VisualGuardStatus } from './outcome-data.ts';
import type { Session } from './session/session.ts';

/** A sign-in that succeeded, or an existing session. */
export interface SignedIn {
  state: 'signed-in';
  /** Keeps the user signed in, and renews the token. */
  session: Session;
  /** The token of the session at this moment. */
  token: Token;
  /** Whether no request was sent, so that the status is that of the login. */
  fromLogin: boolean;
}

/** A session that has begun in this process. */
export interface BegunSession {
  readonly outcome: SignedIn;
  /** The records by which other replicas find the session. They are written before anybody gets the outcome. */
  readonly records: readonly RecordWrite[];
  /** Called when the records are written. */
  announce(): void;
}

/** A challenge that a person can answer. */
export interface OpenChallenge {
  readonly id: string;
  readonly user: string;
  /** Whether it belongs to the stored user of the config node. */
  readonly stored: boolean;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly state: Challenged['state'];
  /** The chosen method. */
  readonly method: Method | undefined;
  readonly methods: readonly Method[];
  /** Whether a method was ever chosen, even if it failed. */
  readonly hasChosen: boolean;
  /** How many codes were refused. */
  readonly attempts: number;
  /** The token endpoint at which it began. */
  readonly tokenUrl: string;
  /**
   * Called with the outcome of a step that changes what it waits for, whoever takes it, and once with the end: undefined if it
   * was canceled, or has ended in another way that is not known here. Expiry is not reported.
   */
  readonly changes: Listeners<Outcome | undefined>;
  /** The state of the challenge, as a message shows it. */
  where(reason?: Reason): Challenged;
  /**
   * Chooses a method. The server sends a code or a link; an authenticator app needs nothing sent.
   *
   * @param word `first`, a preference, or the id of a method; empty takes a single method
   * @throws AuthError if the server gives no usable answer; the challenge stays
   */
  choose(word: string): Promise<Outcome>;
  /** Answers with a code. @throws AuthError as `choose` */
  submit(code: string): Promise<Outcome>;
}

/** A sign-in that a person has to continue. */
export interface Challenged {
  /** What the challenge waits for: a choice of method, a code, or a click on a link. */
  state: 'mfa-required' | 'code-required' | 'link-sent';
  challenge: OpenChallenge;
  /** Why the last step did not succeed, such as `code-invalid`. */
  reason?: Reason | undefined;
  /** When the next code or link may be sent, in ms since 1970. */
  retryAt?: number | undefined;
  /** The status of the last response; undefined if nothing was sent. */
  status?: VisualGuardStatus | undefined;
  /** Only if a link was just sent: its end. */
  link?: PendingLink;
}

/** The request for a link, which stays open until the person has clicked. */
export interface PendingLink {
  /** The outcome after the click. Undefined if the request was ended here, or another method was chosen. Rejects with an `AuthError`. */
  later: Promise<Outcome | undefined>;
  /** Ends the request. The challenge stays. */
  end(): void;
}

export type { Refused } from './outcome-data.ts';

/** The outcome of a sign-in, or of a step of one. Any failure that is no answer of the server is thrown as an `AuthError`. */
export type Outcome = SignedIn | Challenged | Refused;

/** Writes the records of a session, and announces it: now, or when a lock is given back. */
export type PublishSession = (begun: BegunSession) => SignedIn | Promise<SignedIn>;

/** Writes the records now. */
export async function publishSession({ outcome, records, announce }: BegunSession): Promise<SignedIn> {
  await Promise.all(records.map(({ record, content }) => record.write(content)));
  announce();
  return outcome;
}

/** The outcome of a refusal, which is counted and reported. @param response the status in the response of Visual Guard */
export function reportRefusal(
  metrics: Metrics,
  refusal: OAuthError,
  user: string,
  response?: VisualGuardResponse,
): Refused {
  metrics.tell({ what: 'refused', user, reason: refusal.reason });
  return {
    state: 'refused',
    user,
    reason: refusal.reason,
    ...(refusal.error ? { error: refusal.error } : {}),
    ...(refusal.errorDescription ? { errorDescription: refusal.errorDescription } : {}),
    ...(response ? { status: response.status } : {}),
    ...(response?.enrollmentUrl ? { enrollmentUrl: response.enrollmentUrl } : {}),
  };
}

import type { Reason } from '../core/reasons.ts';
import type { Metrics } from '../oauth/metrics.ts';
import type { Token } from '../oauth/token.ts';
import type { Method } from './dialect/methods.ts';
import type { VisualGuardResponse, VisualGuardStatus } from './dialect/reply.ts';
import type { Session } from './session/session.ts';

/** A sign-in that worked, or a session that serves. */
export interface SignedIn {
  state: 'signed-in';
  /** What keeps the user signed in, and renews the token. */
  session: Session;
  /** The session's token at this moment. */
  token: Token;
  /** No request was needed: the login's status is shown. */
  fromLogin: boolean;
}

/** A challenge that a person can answer. */
export interface OpenChallenge {
  readonly id: string;
  readonly user: string;
  /** Whether it belongs to the stored user of the config node. */
  readonly stored: boolean;
  /** In ms since 1970. */
  readonly expiresAt: number;
  readonly state: Challenged['state'];
  /** The chosen method. */
  readonly method: Method | undefined;
  readonly methods: readonly Method[];
  /** Whether a method was ever chosen, even if it failed. */
  readonly hasChosen: boolean;
  /** Codes refused so far. */
  readonly attempts: number;
  /** The token endpoint that set it. */
  readonly tokenUrl: string;
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

/** A person has to do something. */
export interface Challenged {
  /** What is awaited: that a way is chosen, that a code comes, that a link is clicked. */
  state: 'mfa-required' | 'code-required' | 'link-sent';
  challenge: OpenChallenge;
  /** Why it is still open after a step that did not help, as `code-invalid`. */
  reason?: Reason | undefined;
  /** When the next code or link may be sent, in ms since 1970. */
  retryAt?: number | undefined;
  /** What the server said last; undefined where it was not asked. */
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
  /** Who was to be signed in; undefined where nobody knows, as of a challenge that is not there. */
  user?: string | undefined;
  /** The most useful of all reasons that there are. */
  reason: Reason;
  /** The server's own error word (RFC 6749 5.2), where it gave one that may be shown. */
  error?: string | undefined;
  /** The server's own sentence for it, if it gave one that may be shown. */
  errorDescription?: string | undefined;
  /** When trying again can help, in ms since 1970. */
  retryAt?: number | undefined;
  /** Where the person enrolls for a second factor: an http(s) address of the server's choice. */
  enrollmentUrl?: string | undefined;
  /** What the server said; undefined where a rule of ours refused, or the token endpoint did without a Visual Guard state. */
  status?: VisualGuardStatus | undefined;
}

/** Why something was refused, without what else a message is told. */
export type Refusing = Pick<Refused, 'reason' | 'error' | 'errorDescription'>;

/** What came of a sign-in, or of a step of one. All that is no answer about who may sign in is thrown as an `AuthError`. */
export type Outcome = SignedIn | Challenged | Refused;

/** As `refusedBy`, and told to who keeps account of it. */
export function refusedAndTold(
  metrics: Metrics,
  refusal: Refusing,
  user: string,
  reading?: VisualGuardResponse,
): Refused {
  metrics.tell({ what: 'refused', user, reason: refusal.reason });
  return refusedBy(refusal, user, reading);
}

/** A refusal with what the reply says of it. */
function refusedBy(refusal: Refusing, user: string, reading?: VisualGuardResponse): Refused {
  return {
    state: 'refused',
    user,
    reason: refusal.reason,
    ...(refusal.error ? { error: refusal.error } : {}),
    ...(refusal.errorDescription ? { errorDescription: refusal.errorDescription } : {}),
    ...(reading ? { status: reading.status } : {}),
    ...(reading?.enrollmentUrl ? { enrollmentUrl: reading.enrollmentUrl } : {}),
  };
}

/** The types of the library that differ from those of the engine. All other types are those of the engine. */
import type { Reason, Warning } from '../core/reasons.ts';
import type { MessageToken } from '../core/redaction.ts';
import type { Counts } from '../oauth/counts.ts';
import type { Refusal } from '../oauth/oauth-error.ts';
import type { OfferedMethod, Refused, VisualGuardStatus } from '../visual-guard/outcome-data.ts';

/** A token, or the reason why there is none. Any other failure is thrown as an `AuthError`. */
export type TokenAnswer = { token: MessageToken; refused?: never } | { refused: Refusal; token?: never };

/** Gets tokens and keeps them valid: a service account, or the session of a user. */
export interface TokenKeeper {
  /**
   * Gets a valid token: the one that is kept, or a new one. However many ask at the same time, one request is sent. It waits 30 s at most.
   * All callers get the same frozen object.
   *
   * @throws AuthError if the server gives no usable answer. `AUTH_UNAVAILABLE` after `close`: then it does not help to try again
   */
  token(): Promise<TokenAnswer>;
  /** @returns the token that is kept; undefined if it has expired, or expires too soon. In its last fifth it is renewed in the background */
  current(): MessageToken | undefined;
  /**
   * An API answered 401 to this token. The next `token()` gets another one.
   *
   * @param token the token, or a copy of it
   * @returns false if the token is itself the result of a rejection less than 30 s ago
   * @throws AuthError `AUTH_CONFIG` if it is no token
   */
  reject(token: MessageToken): boolean;
}

/** A VGS service account. Make one for each account and keep it: it keeps one token valid. */
export interface VgsAccount extends TokenKeeper {
  /** The counts since it was created, at this moment. */
  readonly counts: Readonly<Counts>;
  /** Forgets the token and closes the connections. Requests that are under way end. */
  close(): void;
}

/** A session of a user at Visual Guard. The refresh token is not accessible. */
export interface Session extends TokenKeeper {
  /** A random text by which `findSession` finds the session. Keep it secret: it is as good as the session. */
  readonly handle: string;
  readonly user: string;
  /** Whether it has ended: it was signed out, or the server refused to renew it. */
  readonly ended: boolean;
  /** Ends it, here and at the server. @returns what the server has revoked: `refresh_token`, or nothing */
  signOut(): Promise<string[]>;
}

/** A multi-factor challenge of a user. It is open for 300 s, and has the values of its last step. */
export interface Challenge {
  /** Random, made here: the server's ids are not accessible. */
  readonly id: string;
  readonly user: string;
  /** ms since 1970 */
  readonly expiresAt: number;
  /** How many codes were refused. */
  readonly attempts: number;
  /** The id of the chosen method. */
  readonly method: string | undefined;
  readonly methods: readonly OfferedMethod[];
  /**
   * Chooses a method. The server sends a code or a link if the method needs one, once per user and 30 s.
   *
   * @param method an id of `methods`, `first`, `otp-sms`, `otp-email`, `otp-whatsapp`, `otp-app`, `link-sms` or `link-email`
   * @throws AuthError if the server gives no usable answer; the challenge stays open
   */
  choose(method: string): Promise<Outcome>;
  /**
   * Answers with a code. Spaces and hyphens are removed.
   *
   * @throws AuthError as `choose`; `AUTH_CONFIG` if the code is empty: nothing is sent then
   */
  submit(code: string): Promise<Outcome>;
}

/** A sign-in that succeeded, or an existing session. */
export interface SignedIn {
  state: 'signed-in';
  /** The name with which the user signed in. */
  user: string;
  /** Keeps the user signed in: ask it for a token whenever you need one. */
  session: Session;
  /** The token of the session at this moment. */
  token: MessageToken;
  /** Warnings of the sign-in, such as `password-expired`. */
  warnings: Warning[];
  /** The status in the response of Visual Guard, if it has one. */
  status?: VisualGuardStatus;
}

/** A sign-in that a person has to continue. */
export interface Challenged {
  /** What the challenge waits for: a choice of method, a code, or a click on a link. */
  state: 'mfa-required' | 'code-required' | 'link-sent';
  user: string;
  challenge: Challenge;
  /** Why the last step did not succeed, such as `code-invalid`. */
  reason?: Reason;
  /** When the next code or link may be sent, in ms since 1970. */
  retryAt?: number;
  /**
   * The outcome after a click on the link that was just sent, or when it has expired. Undefined if another method was chosen, or
   * the server was closed, meanwhile. It rejects with an `AuthError`.
   */
  clicked?: Promise<Outcome | undefined>;
}

/** The outcome of a sign-in, or of a step of one. */
export type Outcome = SignedIn | Challenged | Refused;

/** How a program signs in. */
export interface SignInOptions {
  /** The preferred method, as for `Challenge.choose`. If it is not offered, or `ask` (the default), no method is chosen. */
  method?: string;
  /** Send a password that was refused less than 15 minutes ago. It may lock the account. */
  reset?: boolean;
}

/** A VG Identity Server. Make one for each server and keep it. */
export interface VisualGuard {
  /**
   * Signs a user in at the server, even if there is a session.
   *
   * @param credentials without a password if the module is `Passwordless`
   * @throws AuthError if the server gives no usable answer; `AUTH_CONFIG` if the user or the password is empty: nothing is sent then
   */
  signIn(credentials: { user: string; password?: string }, options?: SignInOptions): Promise<Outcome>;
  /** Signs the user of the settings in: with the session, else with the open challenge, else at the server. @throws as `signIn` */
  signInStored(options?: SignInOptions): Promise<Outcome>;
  /** @returns the session with this handle, if it started at this server */
  findSession(handle: string): Promise<Session | undefined>;
  /** The counts since it was created, at this moment, for all users together. */
  readonly counts: Readonly<Counts>;
  /** Forgets all sessions and challenges and closes the connections. Nothing is revoked at the server. */
  close(): void;
}

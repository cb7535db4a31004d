import type { Reason, Warning } from '../core/reasons.ts';
import type { Counts } from '../oauth/counts.ts';

/**
 * An access token and what the server said of it (RFC 6749 5.1), as it stands on a message in Node-RED.
 * `console.log`, `util.inspect` and JSON show `access_token` and `VGToken` as `[redacted]`; who reads the property gets the true value.
 * Object spread and `structuredClone` make a plain copy, which is shown in the clear.
 */
export interface Token {
  access_token: string;
  token_type: 'Bearer';
  /** In ms since 1970; 0 where the server gave no usable life. */
  expires_at: number;
  /** What was granted. */
  scope: string[];
  /** Visual Guard's own token, from the sign-in. */
  VGToken?: string;
}

/** The server said no, or a rule of the engine did (`held-back`: no automatic repetition may lock an account). */
export interface Refusal {
  reason: Reason;
  /** The server's own error word (RFC 6749 5.2), where it gave one. */
  error?: string;
  /** The server's own sentence for it, if it gave one: 200 characters at most. */
  errorDescription?: string;
  /** When trying again can help, in ms since 1970. */
  retryAt?: number;
}

/** A token, or why there is none. What is no answer about who may sign in is thrown as an `AuthError`. */
export type TokenAnswer = { token: Token; refused?: never } | { refused: Refusal; token?: never };

/** What a token comes from: a service account, or the session of a user. */
export interface TokenKeeper {
  /**
   * A live token: the kept one, or one that is fetched now. However many ask at once, there is one request. It waits 30 s at most.
   *
   * @throws AuthError where no answer that makes sense was had
   */
  token(): Promise<TokenAnswer>;
  /** The kept token, where it is live; undefined where one would have to be waited for. In its last fifth it is renewed behind your back. */
  current(): Token | undefined;
  /**
   * An API said 401 to this token: the next `token()` gets another one.
   *
   * @returns false where that makes no sense, as another one was fetched for the same cause less than 30 s ago
   */
  reject(token: Token): boolean;
}

/** A VGS service account. Make one for each account, and keep it: what it keeps fresh is one token. */
export interface VgsAccount extends TokenKeeper {
  /** What it has done since it was made. */
  readonly counts: Readonly<Counts>;
  /** Forgets the token and lets go of the connections. */
  close(): void;
}

/** The numbers and names of a Visual Guard status. */
export interface StateOf {
  /** The bits, unknown ones included. */
  value: number;
  /** Their names as Visual Guard spells them, in the order of the bits. */
  names: string[];
}

/** What Visual Guard said of a sign-in. */
export interface Status {
  /** Who the user is: `Success`, or why not. */
  authentication: StateOf;
  /** What the user may do in the application. */
  authorization: StateOf;
}

/** A user who is signed in to Visual Guard. The refresh token stays in here. */
export interface Session extends TokenKeeper {
  /** A random text that finds the session again (`findSession`). Who has it, has the session. */
  readonly handle: string;
  readonly user: string;
  /** Whether it is over: it was ended, or the server refused to renew it. */
  readonly ended: boolean;
  /**
   * Ends it, here and as far as the server can.
   *
   * @returns what the server was told to revoke: `refresh_token`, or nothing
   */
  signOut(): Promise<string[]>;
}

/** A way to answer a challenge. */
export interface Way {
  /** For `choose`. */
  readonly id: string;
  /** `otp`: a code that is sent; `link`: a link that is sent; `code`: a code that the server knows another way. */
  readonly kind: 'otp' | 'link' | 'code';
  readonly transport: 'sms' | 'email' | 'whatsapp' | 'app' | 'other';
  /** The server's masked text, as `+91*****34003`. */
  readonly destination: string;
  readonly label: string;
}

/** A second factor that a user has to give. It is open for 300 s, and its values are as new as its last step. */
export interface Challenge {
  /** Random, made here: the server's own ids stay in here. */
  readonly id: string;
  readonly user: string;
  /** In ms since 1970. */
  readonly expiresAt: number;
  /** Codes refused so far. */
  readonly attempts: number;
  /** The id of the way that was chosen. */
  readonly method: string | undefined;
  readonly methods: readonly Way[];
  /**
   * Chooses a way, and has a code or a link sent where it needs one: once per user and 30 s.
   *
   * @param way an id of `methods`, `first`, `otp-sms`, `otp-email`, `otp-whatsapp`, `otp-app`, `link-sms` or `link-email`
   * @throws AuthError as `signIn`; the challenge stays
   */
  choose(way: string): Promise<Outcome>;
  /** Answers with a code. @throws AuthError as `signIn`; the challenge stays */
  submit(code: string): Promise<Outcome>;
}

/** A sign-in that worked, or a session that serves. */
export interface SignedIn {
  state: 'signed-in';
  /** The name that the user signed in with. */
  user: string;
  /** What keeps the user signed in: ask it for a token whenever you need one. */
  session: Session;
  /** The session's token at this moment. */
  token: Token;
  /** Signed in, but: as `password-expired`. Empty where there is nothing to say. */
  warnings: Warning[];
  /** What Visual Guard said of the sign-in; left out where its reply had no state. */
  status?: Status;
}

/** A person has to do something. */
export interface Challenged {
  /** What is awaited: that a way is chosen, that a code comes, that a link is clicked. */
  state: 'mfa-required' | 'code-required' | 'link-sent';
  /** Who is to be signed in. */
  user: string;
  challenge: Challenge;
  /** Why it is still open, as `code-invalid`. */
  reason?: Reason;
  /** When the next code or link may be sent, in ms since 1970. */
  retryAt?: number;
  /**
   * Where a link was just sent: what comes of it, when the person has clicked or the time is over. Undefined where another way
   * was chosen meanwhile. It rejects with an `AuthError`.
   */
  clicked?: Promise<Outcome | undefined>;
}

/** The server said no, or a rule of the engine did: nobody is signed in, and no challenge is open. */
export interface Refused extends Refusal {
  state: 'refused';
  /** Who was to be signed in, where that is known. */
  user?: string;
  /** Where the person enrolls for a second factor: an http(s) address of the server's choice. */
  enrollmentUrl?: string;
  /** What Visual Guard said; left out where a rule of the engine refused. */
  status?: Status;
}

/** What came of a sign-in, or of a step of one. */
export type Outcome = SignedIn | Challenged | Refused;

/** What a program may wish for with a sign-in. */
export interface SignInWishes {
  /** How a challenge is to be answered: as for `choose`. A way that is not offered, and `ask`, which is the default, leave it open. */
  method?: string;
  /** Send a password again that was refused less than 15 minutes ago. It may lock the account. */
  reset?: boolean;
}

/** A VG Identity Server. Make one for each, and keep it. */
export interface VisualGuard {
  /**
   * Signs a user in. It is always put to the server.
   *
   * @param person the password is left out with the module `Passwordless`
   * @throws AuthError where no answer that makes sense was had
   */
  signIn(person: { user: string; password?: string }, wishes?: SignInWishes): Promise<Outcome>;
  /** Signs the user of the settings in: from the live session, else by the open challenge, else at the server. @throws as `signIn` */
  signInStored(wishes?: SignInWishes): Promise<Outcome>;
  /** The live session with this handle, if it is one of this server's. */
  findSession(handle: string): Promise<Session | undefined>;
  /** What it has done since it was made, for all users together. */
  readonly counts: Readonly<Counts>;
  /** Forgets all sessions and challenges and lets go of the connections. Nothing is revoked at the server. */
  close(): void;
}

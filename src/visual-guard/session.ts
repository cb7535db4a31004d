import { Listeners } from '../listeners.ts';
import { randomId, type System } from '../system.ts';
import type { Token } from '../token.ts';
import { type Asked, type Renewal, type SourceState, type TokenOwner, TokenSource } from '../token-source.ts';
import { type Login, loginOf } from './login.ts';
import type { Grant, VisualGuardWire } from './wire.ts';

/** Where a session lives. */
export interface SessionHome {
  readonly wire: VisualGuardWire;
  readonly system: System;
  /** The session has ended: forget it. */
  forgetSession(session: Session): void;
}

/** A person's or service user's sign-in, kept alive by its refresh token. */
export class Session implements TokenOwner {
  /** An opaque handle. Who has it, has the session: it is as random as a token. */
  readonly handle = randomId();
  readonly user: string;
  readonly login: Login | undefined;
  readonly source: TokenSource;
  readonly changes = new Listeners<SourceState>();
  #refreshToken: string;
  #ended = false;
  /** The newest token, kept for its scope and VGToken when it was dropped because an API rejected it. */
  #lastToken: Token;
  readonly #home: SessionHome;

  constructor(user: string, grant: Grant, home: SessionHome) {
    this.user = user;
    this.login = grant.reading && loginOf(grant.reading);
    this.#lastToken = grant.token;
    this.#refreshToken = grant.refreshToken;
    this.#home = home;
    this.source = new TokenSource(this, grant.token);
  }

  get system(): System {
    return this.#home.system;
  }

  get host(): string {
    return this.#home.wire.transport.host;
  }

  belongsTo(home: object): boolean {
    return this.#home === home;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** For revocation at the server. Empty where there is none. */
  get refreshToken(): string {
    return this.#refreshToken;
  }

  ask(): Promise<Asked> {
    return this.source.ask();
  }

  /** Forgets the tokens. The handle finds nothing from now on. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#refreshToken = '';
    this.source.clear();
    this.#home.forgetSession(this);
  }

  /** Without a refresh token the token serves until it ends. */
  canRenew(): boolean {
    return this.#refreshToken !== '';
  }

  changed(state: SourceState): void {
    this.changes.tell(state);
  }

  /** Uses the refresh token. For the source alone, which sees to it that there is one request at a time. */
  async renew(): ReturnType<Renewal> {
    if (this.#refreshToken === '') return this.#expire();
    const { wire } = this.#home;
    const heard = await wire.refresh(this.#refreshToken, this.#lastToken.scope, this.#lastToken.VGToken);
    if (this.#ended) {
      // Signed out meanwhile: what came must not live on at the server.
      if (heard.grant?.refreshToken) await wire.revoke(heard.grant.refreshToken).catch(() => false);
      return this.#expire();
    }
    if (heard.grant) {
      // Before anything else: the old one is dead by now (wire.md: one-time use).
      if (heard.grant.refreshToken !== '') this.#refreshToken = heard.grant.refreshToken;
      this.#lastToken = heard.grant.token;
      return { token: heard.grant.token };
    }
    if (heard.reading && !heard.isInvalidGrant) return { refused: { reason: heard.reading.reasons[0] ?? 'unknown' } };
    // Only `invalid_grant` becomes this reason (RFC 6749 5.2), and only that ends a session.
    return !heard.refusal || heard.refusal.reason === 'credentials-invalid'
      ? this.#expire()
      : { refused: heard.refusal };
  }

  #expire(): { refused: { reason: 'session-expired' } } {
    this.end();
    return { refused: { reason: 'session-expired' } };
  }
}

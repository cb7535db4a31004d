import { Listeners } from '../listeners.ts';
import { randomId, type System } from '../system.ts';
import type { Token } from '../token.ts';
import { type Asked, type Renewal, type SourceState, TokenSource } from '../token-source.ts';
import type { VisualGuardReading } from './reply.ts';
import type { Grant, VisualGuardWire } from './wire.ts';

/** Where a session lives. */
export interface SessionHome {
  readonly wire: VisualGuardWire;
  readonly system: System;
  /** The session has ended: forget it. */
  forgetSession(session: Session): void;
}

/** A person's or service user's sign-in, kept alive by its refresh token. */
export class Session {
  /** An opaque handle. Who has it, has the session: it is as random as a token. */
  readonly handle = randomId();
  readonly user: string;
  /** What the server said when the user signed in; a refresh says nothing of it. */
  readonly login: Pick<VisualGuardReading, 'status' | 'warnings'> | undefined;
  readonly source: TokenSource;
  readonly changes = new Listeners<SourceState>();
  #refreshToken: string;
  #ended = false;
  /** The newest token, kept for its scope and VGToken when it was dropped because an API rejected it. */
  #lastToken: Token;
  readonly #home: SessionHome;

  constructor(user: string, grant: Grant, home: SessionHome) {
    this.user = user;
    this.login = grant.reading && { status: grant.reading.status, warnings: grant.reading.warnings };
    this.#lastToken = grant.token;
    this.#refreshToken = grant.refreshToken;
    this.#home = home;
    this.source = new TokenSource(
      {
        renew: this.#refresh,
        canRenew: () => this.#refreshToken !== '',
        system: home.system,
        host: home.wire.transport.host,
        changed: (state) => this.changes.tell(state),
      },
      grant.token,
    );
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

  readonly #refresh: Renewal = async () => {
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
  };

  #expire(): { refused: { reason: 'session-expired' } } {
    this.end();
    return { refused: { reason: 'session-expired' } };
  }
}

import type { Counts } from '../../counts.ts';
import { Listeners } from '../../listeners.ts';
import type { Meter } from '../../meter.ts';
import { randomId, type System } from '../../system.ts';
import type { Token } from '../../token.ts';
import type { Refusal } from '../../token-endpoint.ts';
import { type Asked, type Renewal, type SourceState, type TokenOwner, TokenSource } from '../../token-source.ts';
import type { VisualGuardWire } from '../dialect/wire.ts';
import type { Login } from './login.ts';
import type { SessionContent } from './record.ts';
import type { SharedSession } from './shared-session.ts';

/** Where a session lives. */
export interface SessionHome {
  readonly wire: VisualGuardWire;
  readonly system: System;
  readonly meter: Meter;
  /** The session has ended: forget it. */
  forgetSession(session: Session): void;
}

/** What the use of a refresh token comes to. `dead`: it is used up, and nothing came of it. */
export type Refreshed = { token: Token; refused?: never } | { refused: Refusal; token?: never } | 'dead';

/** What is said of a session that has ended. */
export const EXPIRED = { refused: { reason: 'session-expired' } } as const;

/** A person's or service user's sign-in, kept alive by its refresh token. */
export class Session implements TokenOwner {
  /** An opaque handle. Who has it, has the session: it is as random as a token. */
  readonly handle: string;
  readonly user: string;
  readonly login: Login | undefined;
  /** Whether it is the stored user's of the config node. */
  readonly stored: boolean;
  readonly source: TokenSource;
  readonly changes = new Listeners<SourceState>();
  #refreshToken: string;
  #renewals: number;
  /** `forgotten`: it is not in this process any more, but another one may go on with it. */
  #ended: 'signed-out' | 'forgotten' | undefined;
  /** The newest token, kept for its scope and VGToken when it was dropped because an API rejected it. */
  #lastToken: Token;
  #shared: SharedSession | undefined;
  readonly #home: SessionHome;

  /** @param handle of a session that was begun elsewhere */
  constructor(content: SessionContent, home: SessionHome, handle: string = randomId()) {
    this.handle = handle;
    this.user = content.user;
    this.login = content.login;
    this.stored = content.stored;
    this.#lastToken = content.token;
    this.#refreshToken = content.refreshToken;
    this.#renewals = content.renewals;
    this.#home = home;
    this.source = new TokenSource(this, content.token);
  }

  get system(): System {
    return this.#home.system;
  }

  get host(): string {
    return this.#home.wire.transport.host;
  }

  get counts(): Counts {
    return this.#home.meter.counts;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** For revocation at the server. Empty where there is none. */
  get refreshToken(): string {
    return this.#refreshToken;
  }

  /** All that another replica has to know of it. */
  get content(): SessionContent {
    const { user, stored, login } = this;
    return { user, stored, login, renewals: this.#renewals, refreshToken: this.#refreshToken, token: this.#lastToken };
  }

  ask(): Promise<Asked> {
    return this.source.ask();
  }

  /** From now on it is kept together with other replicas. */
  share(shared: SharedSession): void {
    this.#shared = shared;
  }

  /** It was signed out, or has come to its end. The handle finds nothing in this process from now on, and no token is left. */
  end(): void {
    this.#refreshToken = '';
    this.#leave('signed-out');
  }

  /**
   * Forgets it in this process: to make room, or because its config node is gone. A renewal that is under way is written
   * to the store, where others go on with it. Without a store nobody does, so that what it brings is revoked.
   */
  forget(): void {
    if (this.#shared) this.#leave('forgotten');
    else this.end();
  }

  #leave(how: 'signed-out' | 'forgotten'): void {
    const wasThere = this.#ended === undefined;
    if (this.#ended !== 'signed-out') this.#ended = how;
    if (!wasThere) return;
    this.#shared?.close();
    this.source.clear();
    this.#home.forgetSession(this);
  }

  /** Without a refresh token the token serves until it ends; so it does where the others cannot be asked for theirs. */
  canRenew(): boolean {
    return this.#refreshToken !== '' && !this.#shared?.isCutOff;
  }

  changed(state: SourceState): void {
    // Those who waited for it get the token of a session that was forgotten meanwhile. It keeps none.
    if (this.#ended && state.at === 'valid') this.source.clear();
    else this.changes.tell(state);
  }

  /** Gets a new token, for the source alone: it sees to it that there is one request at a time. */
  async renew(): ReturnType<Renewal> {
    const renewed = await this.#renew();
    if (renewed.refused) this.#home.meter.tell({ what: 'refused', user: this.user, reason: renewed.refused.reason });
    return renewed;
  }

  async #renew(): ReturnType<Renewal> {
    if (this.#refreshToken === '') return this.expire();
    if (this.#shared) return this.#shared.renew();
    const refreshed = await this.refresh();
    return refreshed === 'dead' ? this.expire() : refreshed;
  }

  /** Uses the refresh token once. What comes of it is the session's before anybody is told. */
  async refresh(): Promise<Refreshed> {
    const { wire } = this.#home;
    const heard = await wire.refresh(this.#refreshToken, this.#lastToken.scope, this.#lastToken.VGToken);
    if (this.#ended === 'signed-out') {
      // Meanwhile: what came must not live on at the server.
      if (heard.grant?.refreshToken) await wire.revoke(heard.grant.refreshToken).catch(() => false);
      return 'dead';
    }
    if (heard.grant) {
      // Before anything else: the old one is dead by now (PROTOCOL.md: refresh).
      if (heard.grant.refreshToken !== '') this.#refreshToken = heard.grant.refreshToken;
      this.#lastToken = heard.grant.token;
      this.#renewals += 1;
      return { token: heard.grant.token };
    }
    if (heard.reading && !heard.isInvalidGrant) return { refused: { reason: heard.reading.reasons[0] ?? 'unknown' } };
    // Only `invalid_grant` becomes this reason (RFC 6749 5.2), and only that ends a session.
    return !heard.refusal || heard.refusal.reason === 'credentials-invalid' ? 'dead' : { refused: heard.refusal };
  }

  /** Takes over what another replica renewed. */
  adopt({ refreshToken, token, renewals }: SessionContent): void {
    if (this.#ended) return;
    this.#refreshToken = refreshToken;
    this.#lastToken = token;
    this.#renewals = renewals;
    if (this.source.betterOf(token) === token) this.source.adopt(token);
  }

  expire(): typeof EXPIRED {
    this.end();
    return EXPIRED;
  }
}

import { type Cancel, type Clock, randomId } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Counts } from '../../oauth/counts.ts';
import type { Token } from '../../oauth/token.ts';
import type { OAuthError } from '../../oauth/token-endpoint.ts';
import {
  type Renewal,
  type SourceState,
  type TokenOwner,
  type TokenResult,
  TokenSource,
} from '../../oauth/token-source.ts';
import { contentOf, type Found, type RecordLock, type SharedRecord } from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { Login } from './login.ts';
import type { SessionContent } from './record.ts';

/** Other replicas, which may be cut off from the store, can find out for so long that a session has ended, in ms. */
export const ENDED_TTL = 24 * 3_600_000;

/** What the use of a refresh token comes to. `dead`: it is used up, and nothing came of it. */
type Refreshed = { token: Token; refused?: never } | { refused: OAuthError; token?: never } | 'dead';

type Renewed = Awaited<ReturnType<Renewal>>;

/** What is said of a session that has ended. */
const EXPIRED = { refused: { reason: 'session-expired' } } as const;

/** Who keeps the sessions of a server. */
export interface SessionKeeper {
  readonly context: ServerContext;
  recordOf(handle: string): SharedRecord<SessionContent>;
  /** It has a new token, which is in its record. @param before the token that it had */
  renewed(session: Session, before: Token): void;
  /** It has ended, or this process forgets it. */
  left(session: Session): void;
}

/**
 * A person's or service user's sign-in, kept alive by its refresh token. The object in memory is what serves; its record is what
 * other replicas know of it. A refresh token is used by one replica at a time, and its successor is written before anything else.
 */
export class Session implements TokenOwner {
  /** An opaque handle. Who has it, has the session: it is as random as a token. */
  readonly handle: string;
  readonly source: TokenSource;
  /** Whether its refresh token is being used at this moment. Then this process holds the lock on its record. */
  isRefreshing = false;
  /** With the newest token, which is kept for its scope and VGToken when it was dropped because an API rejected it. */
  #content: SessionContent;
  /** `forgotten`: it is not in this process any more, but another one may go on with it. */
  #ended: 'signed-out' | 'forgotten' | undefined;
  /** Made for the first one who listens: most of many sessions have none. */
  #changes: Listeners<SourceState> | undefined;
  readonly #record: SharedRecord<SessionContent>;
  readonly #keeper: SessionKeeper;
  #unfollow: Cancel | undefined;

  /** @param handle of a session that was begun elsewhere */
  constructor(content: SessionContent, keeper: SessionKeeper, handle: string = randomId()) {
    this.handle = handle;
    this.#content = content;
    this.#record = keeper.recordOf(handle);
    this.#keeper = keeper;
    this.source = new TokenSource(this, content.token);
  }

  get #context(): ServerContext {
    return this.#keeper.context;
  }

  get user(): string {
    return this.#content.user;
  }

  get login(): Login | undefined {
    return this.#content.login;
  }

  /** Whether it is the stored user's of the config node. */
  get stored(): boolean {
    return this.#content.stored;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  get host(): string {
    return this.#context.wire.transport.host;
  }

  get counts(): Counts {
    return this.#context.metrics.counts;
  }

  get changes(): Listeners<SourceState> {
    this.#changes ??= new Listeners();
    return this.#changes;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** For revocation at the server. Empty if there is none. */
  get refreshToken(): string {
    return this.#content.refreshToken;
  }

  /** All that another replica has to know of it. */
  get content(): SessionContent {
    return this.#content;
  }

  ask(): Promise<TokenResult> {
    return this.source.ask();
  }

  /** Writes it as it stands, for other replicas: it is new. */
  write(): Promise<void> {
    return this.#record.write(this.#content);
  }

  /** Notes for other replicas that it has ended, without a lock. */
  writeEnd(): Promise<void> {
    return this.#record.end(ENDED_TTL);
  }

  /**
   * From now on it follows what other replicas make of it, until it has ended here.
   *
   * @param also is ended with that
   */
  follow(also: Cancel): void {
    const own = this.#record.watch((found) => this.#adoptNews(found));
    this.#unfollow =
      own === also
        ? own
        : () => {
            own();
            also();
          };
  }

  /** It was signed out, or has come to its end. The handle finds nothing in this process from now on, and no token is left. */
  end(): void {
    this.#content = { ...this.#content, refreshToken: '' };
    this.#leave('signed-out');
  }

  /**
   * Forgets it in this process: to make room, or because its config node is gone. Other replicas go on with it, and with a renewal
   * that is under way. If nobody can, it has ended, and what a renewal brings is revoked.
   */
  forget(): void {
    if (this.#context.coordinator.isDurable) this.#leave('forgotten');
    else this.end();
  }

  /** Forgets it because another one needs the room. If no store has it for others to go on with, its refresh token is revoked. */
  makeRoom(): void {
    const { wire, metrics, coordinator } = this.#context;
    const refreshToken = coordinator.isDurable ? '' : this.refreshToken;
    this.forget();
    metrics.madeRoom();
    if (refreshToken !== '') void wire.revoke(refreshToken).catch(() => false);
  }

  /** Without a refresh token the token serves until it expires; so it does while the others cannot be asked for theirs. */
  canRenew(): boolean {
    return this.refreshToken !== '' && !this.#context.coordinator.isCutOff;
  }

  changed(state: SourceState): void {
    // Those who waited for it get the token of a session that was forgotten meanwhile. It keeps none.
    if (this.#ended && state.at === 'valid') this.source.clear();
    else this.#changes?.tell(state);
  }

  /** Gets a new token, for the source alone: it sees to it that there is one request at a time. */
  async renew(): ReturnType<Renewal> {
    const renewed = this.refreshToken === '' ? this.#expire() : await this.#renew();
    const { metrics } = this.#context;
    if (renewed.refused) metrics.tell({ what: 'refused', user: this.user, reason: renewed.refused.reason });
    return renewed;
  }

  /** The token that another replica got, or one that this replica gets for all of them. */
  #renew(): ReturnType<Renewal> {
    return this.#record.update<Renewed>({
      settle: (found) => this.#settle(found),
      run: (_found, lock) => this.#refresh(lock),
      // While the old token serves there is time to wait for the store.
      mayRunCutOff: () => this.source.unexpired === undefined,
    });
  }

  async #refresh(lock: RecordLock<SessionContent>): ReturnType<Renewal> {
    // It ended while the lock was waited for.
    if (this.#ended) return EXPIRED;
    const { token: before } = this.#content;
    let refreshed = await this.#useRefreshToken();
    if (refreshed === 'dead' && !this.#ended) {
      // Somebody may have renewed it who was not seen: before it ends, its record is read once more.
      const used = this.refreshToken;
      const settled = this.#settle(await lock.read());
      if (settled) return settled;
      if (this.refreshToken !== used) refreshed = await this.#useRefreshToken();
    }
    if (refreshed === 'dead') {
      // Cut off, nobody knows whether it is dead or another replica has its successor: the record stays.
      if (!lock.isCutOff && !this.#ended) lock.end(ENDED_TTL);
      return this.#expire();
    }
    if (refreshed.token) {
      lock.write(this.#content);
      this.#keeper.renewed(this, before);
    }
    return refreshed;
  }

  /** Uses the refresh token once. What comes of it is the session's before anybody is told. */
  async #useRefreshToken(): Promise<Refreshed> {
    const { wire } = this.#context;
    const { refreshToken, token, renewals } = this.#content;
    this.isRefreshing = true;
    const heard = await wire.refresh(refreshToken, token).finally(() => {
      this.isRefreshing = false;
    });
    if (this.#ended === 'signed-out') {
      // Meanwhile: what came must not live on at the server.
      if (heard.grant?.refreshToken) await wire.revoke(heard.grant.refreshToken).catch(() => false);
      return 'dead';
    }
    if (heard.grant) {
      // Before anything else: the old one is dead by now (PROTOCOL.md: refresh).
      const { token, refreshToken: next } = heard.grant;
      this.#content = { ...this.#content, token, refreshToken: next || this.refreshToken, renewals: renewals + 1 };
      return { token };
    }
    if (heard.reading && !heard.isInvalidGrant) return { refused: { reason: heard.reading.reasons[0] ?? 'unknown' } };
    // Only `invalid_grant` becomes this reason (RFC 6749 5.2), and only that ends a session.
    return !heard.refusal || heard.refusal.reason === 'credentials-invalid' ? 'dead' : { refused: heard.refusal };
  }

  /** @returns what makes a renewal needless */
  #settle(found: Found<SessionContent>): Renewed | undefined {
    if (this.#ended) return EXPIRED;
    if (found === 'ended') return this.#expire();
    const content = contentOf(found);
    if (!content) return undefined;
    if (content.renewals > this.#content.renewals) this.#adopt(content);
    const token = this.source.betterOf(content.token);
    return token && { token };
  }

  /** @returns what to write again */
  #adoptNews(found: Found<SessionContent>): SessionContent | undefined {
    if (this.#ended) return undefined;
    if (found === 'ended') this.end();
    const content = contentOf(found);
    const { renewals } = this.#content;
    if (content && content.renewals > renewals) this.#adopt(content);
    // A store that came back empty, or an older replica, knows less than this process.
    else if (found === undefined || (content && content.renewals < renewals)) return this.#content;
    return undefined;
  }

  /** Takes over what another replica renewed. */
  #adopt({ refreshToken, token, renewals }: SessionContent): void {
    this.#content = { ...this.#content, refreshToken, token, renewals };
    if (this.source.betterOf(token) === token) this.source.adopt(token);
  }

  #expire(): typeof EXPIRED {
    this.end();
    return EXPIRED;
  }

  #leave(how: 'signed-out' | 'forgotten'): void {
    const wasThere = this.#ended === undefined;
    if (this.#ended !== 'signed-out') this.#ended = how;
    if (!wasThere) return;
    this.#unfollow?.();
    this.source.clear();
    this.#keeper.left(this);
  }
}

import { type Cancel, type Clock, randomId } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Metrics } from '../../oauth/metrics.ts';
import {
  type Renewal,
  type SourceState,
  type TokenOwner,
  type TokenResult,
  TokenSource,
} from '../../oauth/token-source.ts';
import {
  contentOf,
  type Found,
  type RecordLock,
  type RecordWrite,
  type SharedRecord,
} from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { VisualGuardSettings } from '../dialect/wire.ts';
import type { SessionKeeper } from './keeper.ts';
import type { Login } from './login.ts';
import type { SessionContent } from './record.ts';
import { resultOfRefresh } from './refresh-result.ts';

/** How long the note that a session has ended is kept in the store, in ms. A replica without access to the store reads it later. */
export const ENDED_TTL = 24 * 3_600_000;

type Renewed = Awaited<ReturnType<Renewal>>;

/** The result of a renewal if the session has ended. */
const EXPIRED = { refused: { reason: 'session-expired' } } as const;

/**
 * The session of a user, which a refresh token keeps alive. This process works with the object, and replicas share its record.
 * One replica at a time uses the refresh token, and writes the next one before anything else.
 */
export class Session implements TokenOwner {
  /** A random text by which a flow finds the session. It is as secret as a token. */
  readonly handle: string;
  readonly source: TokenSource;
  /** Whether a refresh is under way. Then this process holds the lock on the record. */
  isRefreshing = false;
  /** Its token is the newest one, also if an API rejected it: the next one takes over scope and VGToken. */
  #content: SessionContent;
  /** `forgotten`: it has left this process, but another replica may use it. */
  #ended: 'signed-out' | 'forgotten' | undefined;
  /** Made with the first listener, because most sessions have none. */
  #changes: Listeners<SourceState> | undefined;
  readonly #record: SharedRecord<SessionContent>;
  readonly #keeper: SessionKeeper<Session>;
  #unfollow: Cancel | undefined;

  /** @param handle of a session that began at another replica */
  constructor(content: SessionContent, keeper: SessionKeeper<Session>, handle: string = randomId()) {
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

  /** When it began, in s since 1970. */
  get since(): number {
    return this.#content.since;
  }

  /** Whether it is the session of the config node's stored user, whose name a file or a vault may change. */
  get stored(): boolean {
    const { stored, user } = this.#content;
    return stored && user === this.#context.wire.settings.user;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  get host(): string {
    return this.#context.wire.transport.host;
  }

  get metrics(): Metrics {
    return this.#context.metrics;
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

  /** The content that replicas share. */
  get content(): SessionContent {
    return this.#content;
  }

  ask(): Promise<TokenResult> {
    return this.source.ask();
  }

  /** The record of a new session, by which other replicas find it. */
  get toWrite(): RecordWrite<SessionContent> {
    return { record: this.#record, content: this.#content };
  }

  /** Notes in the store, without a lock, that it has ended. */
  writeEnd(): Promise<void> {
    return this.#record.end(ENDED_TTL);
  }

  /**
   * Follows the actions of other replicas on it, until it has ended here.
   *
   * @param also canceled at the end, too
   */
  follow(also: Cancel): void {
    const own = this.#record.watch((found) => this.#follow(found));
    this.#unfollow =
      own === also
        ? own
        : () => {
            own();
            also();
          };
  }

  /** Ends it in this process: it was signed out, or can no longer be renewed. Its tokens are forgotten. */
  end(): void {
    this.#content = { ...this.#content, refreshToken: '' };
    this.#leave('signed-out');
  }

  /**
   * Forgets it in this process: to make room, or because its config node is gone. With a session store other replicas use it,
   * and the result of a renewal that is under way. Without one it has ended, and the result of a renewal is revoked.
   */
  forget(): void {
    if (this.#context.coordinator.isDurable) this.#leave('forgotten');
    else this.end();
  }

  /** Forgets it to make room for another one. Without a session store its refresh token is revoked. */
  makeRoom(): void {
    const { wire, metrics, coordinator } = this.#context;
    const refreshToken = coordinator.isDurable ? '' : this.refreshToken;
    this.forget();
    metrics.madeRoom();
    if (refreshToken !== '') void wire.revoke(refreshToken).catch(() => false);
  }

  /** Without a refresh token it cannot be renewed; while the store is not available another replica may have renewed it. */
  canRenew(): boolean {
    return this.refreshToken !== '' && !this.#context.coordinator.isCutOff;
  }

  get settings(): VisualGuardSettings | undefined {
    return this.#context.wire.settings.known;
  }

  changedSince(settings: VisualGuardSettings | undefined): boolean | Promise<boolean> {
    return this.#context.wire.rotation.changedSince(settings);
  }

  changed(state: SourceState): void {
    // The session was forgotten during the renewal. Those who wait get the token, and it is not kept.
    if (this.#ended && state.at === 'valid') this.source.clear();
    else this.#changes?.tell(state);
  }

  /** Gets a new token. Only the source calls it, which makes one request at a time. */
  async renew(): ReturnType<Renewal> {
    const renewed = this.refreshToken === '' ? this.#expire() : await this.#renew();
    const { metrics } = this.#context;
    if (renewed.refused) metrics.tell({ what: 'refused', user: this.user, reason: renewed.refused.reason });
    return renewed;
  }

  /** Takes the token that another replica got, or gets one for all replicas. */
  #renew(): ReturnType<Renewal> {
    return this.#record.update<Renewed>({
      settle: (found) => this.#settle(found),
      run: (_found, lock) => this.#refresh(lock),
      // As long as the old token is valid the renewal can wait for the store.
      mayRunCutOff: () => this.source.unexpired === undefined,
    });
  }

  async #refresh(lock: RecordLock<SessionContent>): ReturnType<Renewal> {
    // It ended while this replica waited for the lock.
    if (this.#ended) return EXPIRED;
    const { token: before } = this.#content;
    let refreshed = await this.#useRefreshToken();
    if (refreshed === 'dead' && !this.#ended) {
      // Another replica may have renewed it: the record is read once more before the session ends.
      const used = this.refreshToken;
      const settled = this.#settle(await lock.read());
      if (settled) return settled;
      if (this.refreshToken !== used) refreshed = await this.#useRefreshToken();
    }
    if (refreshed === 'dead') {
      // Without access to the store, another replica may have renewed it: the record stays.
      if (!lock.isCutOff && !this.#ended) {
        lock.end(ENDED_TTL);
        void this.#keeper.ended(this);
      }
      return this.#expire();
    }
    if (refreshed.token) {
      lock.write(this.#content);
      this.#keeper.renewed(this, before);
    }
    return refreshed;
  }

  /** Sends the refresh token once. A new one is taken over before anything else, because the old one is no longer valid. */
  async #useRefreshToken(): Promise<Renewed | 'dead'> {
    const { wire } = this.#context;
    const { refreshToken, token: before, renewals } = this.#content;
    this.isRefreshing = true;
    const response = await wire.refresh(refreshToken, before).finally(() => {
      this.isRefreshing = false;
    });
    const result = resultOfRefresh(response);
    if (this.#ended === 'signed-out') {
      // Signed out during the refresh: the new refresh token must not stay valid at the server.
      const unused = response.grant?.refreshToken;
      if (unused) await wire.revoke(unused).catch(() => false);
      return 'dead';
    }
    if (result === 'dead' || result.refused) return result;
    const { token, refreshToken: next } = result.grant;
    this.#content = { ...this.#content, token, refreshToken: next || this.refreshToken, renewals: renewals + 1 };
    return { token };
  }

  /** @returns a content that makes a renewal unnecessary */
  #settle(found: Found<SessionContent>): Renewed | undefined {
    if (this.#ended) return EXPIRED;
    if (found === 'ended') return this.#expire();
    const content = contentOf(found);
    if (!content) return undefined;
    if (content.renewals > this.#content.renewals) this.#adopt(content);
    const token = this.source.betterOf(content.token);
    return token && { token };
  }

  /** @returns the content to write again, because the store or another replica has an older version */
  #follow(found: Found<SessionContent>): SessionContent | undefined {
    if (this.#ended) return undefined;
    if (found === 'ended') this.end();
    const content = contentOf(found);
    const { renewals } = this.#content;
    if (found === undefined) this.#keeper.lost(this);
    if (content && content.renewals > renewals) this.#adopt(content);
    else if (found === undefined || (content && content.renewals < renewals)) return this.#content;
    return undefined;
  }

  /** Takes over the renewal of another replica. */
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
    this.source.wake();
    this.#keeper.left(this);
  }
}

import { LRUCache } from 'lru-cache';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import { HiddenHeader, REDACTED } from '../../../src/core/redaction.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../../src/core/time-window.ts';
import { isBearer, type Token } from '../../../src/oauth/token.ts';
import type { VgsAccount } from '../../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { OpenNode } from '../config/config-reference.ts';
import { type Auth, authOfOutcome, authOfRefusal } from '../message.ts';
import { type MeantUser, meantUser, soughtUser, storedPerson } from '../user.ts';
import type { Typed } from '../values.ts';

/** What `attach-bearer` puts into the header. */
export interface Bearer {
  hiddenHeader: HiddenHeader;
  /** `Bearer …` */
  header: string;
  generation: number;
}

/** A header, or why there is none. */
export type BearerResult = { bearer: Bearer; needed?: never } | { needed: Auth; bearer?: never };

/** Where `attach-bearer` takes its token from. */
export interface BearerSource {
  /** What it takes its tokens from: the id of the config node; empty where they are on the message. */
  readonly id: string;
  /** A token that serves right now, without anything asynchronous; undefined where one has to be sought. */
  current(msg: NodeMessage): Bearer | undefined;
  /** @throws AuthError where no answer that makes sense was had */
  seek(msg: NodeMessage): Promise<BearerResult>;
  /**
   * An API rejected the token of this message.
   *
   * @param generation the token it was sent with; undefined where that is not known
   * @returns whether another try makes sense
   */
  reject(msg: NodeMessage, generation: number | undefined): Promise<boolean>;
}

/** What `attach-bearer` takes its tokens from: one source for all messages, or another one for each config node. */
export interface BearerSources {
  /** As `BearerSource.current`, of the source for this message. */
  current(msg: NodeMessage): Bearer | undefined;
  /** The source for this message. @throws AuthError `AUTH_CONFIG` if it names no config node */
  resolve(msg: NodeMessage): Promise<BearerSource>;
  /** The status is about the config node that was used last. */
  showLast(): void;
}

/** A VGS service account. */
export class VgsBearer implements BearerSource {
  readonly id: string;
  readonly #account: VgsAccount;

  constructor({ id, connection }: OpenNode<VgsAccount>) {
    this.id = id;
    this.#account = connection;
  }

  current(): Token | undefined {
    return this.#account.source.current();
  }

  async seek(): Promise<BearerResult> {
    const { token, refused, failed } = await this.#account.ask();
    if (failed) throw failed;
    return token ? { bearer: token } : { needed: authOfRefusal('vgs', refused) };
  }

  async reject(_msg: NodeMessage, generation: number | undefined): Promise<boolean> {
    const { source } = this.#account;
    return source.reject(generation ?? source.token?.generation ?? 0);
  }
}

/** A Visual Guard session: the stored user's, which is begun where that needs no human, or somebody else's. */
export class VisualGuardBearer implements BearerSource {
  readonly id: string;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #server: VisualGuardServer;
  readonly #setting: Typed;

  constructor(RED: NodeAPI, node: Node, { id, connection }: OpenNode<VisualGuardServer>, setting: Typed) {
    this.id = id;
    this.#RED = RED;
    this.#node = node;
    this.#server = connection;
    this.#setting = setting;
  }

  current(msg: NodeMessage): Token | undefined {
    if (this.#setting.type === 'stored') return this.#server.storedSession?.source.current();
    // A context store may answer later.
    if (this.#setting.type === 'flow' || this.#setting.type === 'global') return undefined;
    const meant = meantUser(this.#RED, this.#node, this.#server, this.#setting, msg);
    return (meant as MeantUser).session?.source.current();
  }

  async seek(msg: NodeMessage): Promise<BearerResult> {
    if (this.#setting.type === 'stored') return this.#seekStored(storedPerson(this.#server).user, msg);
    const { user, session } = await soughtUser(this.#RED, this.#node, this.#server, this.#setting, msg);
    if (!session)
      return { needed: { system: 'vg', state: 'sign-in-needed', ...(user ? { user } : {}), reason: 'no-session' } };
    const { token, refused, failed } = await session.ask();
    if (failed) throw failed;
    if (token) return { bearer: token };
    if (!session.ended) return { needed: authOfRefusal('vg', { user, ...refused }) };
    return { needed: { system: 'vg', state: 'sign-in-needed', user: session.user, reason: 'session-expired' } };
  }

  async reject(msg: NodeMessage, generation: number | undefined): Promise<boolean> {
    const { session } = await meantUser(this.#RED, this.#node, this.#server, this.#setting, msg);
    return session?.source.reject(generation ?? session.source.token?.generation ?? 0) ?? true;
  }

  async #seekStored(user: string, msg: NodeMessage): Promise<BearerResult> {
    const reset = msg.reset === true;
    if (reset) delete msg.reset;
    const { token, outcome, needed } = await this.#server.tokenOfStored(reset);
    if (token) return { bearer: token };
    if (outcome) return { needed: authOfOutcome(outcome) };
    const { reason, retryAt } = needed;
    return {
      needed: { system: 'vg', state: 'sign-in-needed', user, reason, ...(retryAt ? { retry_at: retryAt } : {}) },
    };
  }
}

/** A rejected token of a message is tried again once in this time, in ms, where the message does not know its tries. */
const RETRY_PAUSE = 30_000;

/** How many tokens of messages keep their header. To make one takes longer than all else that a message costs here. */
const MOST_BEARERS = 1_000;

/** A token that stands on the message. It cannot be renewed here. */
export class MessageBearer implements BearerSource, BearerSources {
  readonly id = '';
  readonly #RED: NodeAPI;
  readonly #property: string;
  readonly #clock: Clock;
  readonly #bearers = new LRUCache<string, Bearer>({ max: MOST_BEARERS });
  #pause: TimeWindow | undefined;

  constructor(RED: NodeAPI, property: string, clock: Clock) {
    this.#RED = RED;
    this.#property = property;
    this.#clock = clock;
  }

  current(msg: NodeMessage): Bearer | undefined {
    const { token, isExpired } = this.#read(msg);
    if (token === undefined || isExpired) return undefined;
    let bearer = this.#bearers.get(token);
    if (!bearer) {
      const header = `Bearer ${token}`;
      bearer = { header, hiddenHeader: new HiddenHeader(header), generation: 0 };
      this.#bearers.set(token, bearer);
    }
    return bearer;
  }

  async seek(msg: NodeMessage): Promise<BearerResult> {
    const bearer = this.current(msg);
    if (bearer) return { bearer };
    const reason = this.#read(msg).token === undefined ? 'token-missing' : 'token-expired';
    return { needed: { state: 'sign-in-needed', reason } };
  }

  async resolve(): Promise<BearerSource> {
    return this;
  }

  showLast(): void {
    // There is no config node.
  }

  async reject(_msg: NodeMessage, generation: number | undefined): Promise<boolean> {
    // With a mark, the message itself counts its tries.
    if (generation !== undefined) return true;
    const now = this.#clock.now();
    if (isWithin(this.#pause, now)) return false;
    this.#pause = timeWindow(now, RETRY_PAUSE);
    return true;
  }

  #read(msg: NodeMessage): { token: string | undefined; isExpired: boolean } {
    let found: unknown;
    try {
      found = this.#RED.util.getMessageProperty(msg, this.#property);
    } catch {
      found = undefined;
    }
    if (typeof found !== 'object' || found === null) return { token: undefined, isExpired: false };
    const { access_token: token, expires_at: expiresAt } = found as Record<string, unknown>;
    // `[redacted]` is what a token becomes in a context file.
    if (!isBearer(token) || token === REDACTED) return { token: undefined, isExpired: false };
    return { token, isExpired: typeof expiresAt === 'number' && expiresAt > 0 && this.#clock.now() >= expiresAt };
  }
}

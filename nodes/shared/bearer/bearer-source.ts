import { LRUCache } from 'lru-cache';
import type { NodeAPI, NodeMessage } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import { HiddenHeader, REDACTED } from '../../../src/core/redaction.ts';
import { isBearer, type Token } from '../../../src/oauth/token.ts';
import type { VgsAccount } from '../../../src/vgs/account.ts';
import type { OpenChallenge } from '../../../src/visual-guard/outcome.ts';
import type { OpenNode } from '../config/config-reference.ts';
import type { AwaitedUser } from '../hold/awaited-user.ts';
import { type Auth, authOfRefusal } from '../msg-auth.ts';
import type { Bearer, BearerResult } from './bearer.ts';

/** A source of tokens for `attach-bearer`. */
export interface BearerSource {
  /** The id of the config node; empty if the token is on the message. */
  readonly id: string;
  /** The token that is valid now. It takes no asynchronous step. Undefined if only `seek` can get one. */
  current(msg: NodeMessage): Bearer | undefined;
  /** Gets a token, or the reason why there is none. @throws AuthError if there is no usable answer */
  seek(msg: NodeMessage): Promise<BearerResult>;
  /**
   * An API rejected the token of this message.
   *
   * @param generation the generation of the token that it was sent with; undefined if that is not known
   * @returns whether another try can succeed
   */
  reject(msg: NodeMessage, generation: number | undefined): Promise<boolean>;
  /**
   * The user whom a message without a token can wait for. Without this method, or if it is undefined: there is none.
   *
   * @param needed why there is no token
   */
  awaited?(msg: NodeMessage, needed: Auth): Promise<AwaitedUser | undefined>;
  /** The open challenge of the stored user, if it is in memory. Without this method there is none. */
  challenge?(): OpenChallenge | undefined;
}

/** The sources of an `attach-bearer` node: one for all messages, or one for each config node. */
export interface BearerSources {
  /** As `BearerSource.current`, from the source for this message. */
  current(msg: NodeMessage): Bearer | undefined;
  /** The source for this message. @throws AuthError `AUTH_CONFIG` if it names no config node */
  resolve(msg: NodeMessage): Promise<BearerSource>;
  /** Makes the status show the config node that was used last. */
  showLast(): void;
  /** As `BearerSource.challenge`, from the source that was used last. */
  challenge?(): OpenChallenge | undefined;
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

/** How many headers for tokens of messages are kept. Creating one takes longer than everything else for a message. */
const MAX_BEARERS = 1_000;
/** The length of all these tokens together, in characters. */
const MAX_CHARACTERS = 4_000_000;

/** A token on the message. It cannot be renewed here. */
export class MessageBearer implements BearerSource, BearerSources {
  readonly id = '';
  readonly #RED: NodeAPI;
  readonly #property: string;
  readonly #clock: Clock;
  readonly #bearers = new LRUCache<string, Bearer>({
    max: MAX_BEARERS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_bearer, token) => token.length,
  });

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

  /** The flow can have put a newer token on the message, so one with a mark is tried again. */
  async reject(_msg: NodeMessage, generation: number | undefined): Promise<boolean> {
    return generation !== undefined;
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
    // A context file has `[redacted]` instead of the token.
    if (!isBearer(token) || token === REDACTED) return { token: undefined, isExpired: false };
    return { token, isExpired: typeof expiresAt === 'number' && expiresAt > 0 && this.#clock.now() >= expiresAt };
  }
}

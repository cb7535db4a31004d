import { LRUCache } from 'lru-cache';
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { Send } from '../input.ts';
import { type Auth, byOutput } from '../message.ts';
import { type AttemptStep, attemptOf, mark, remember } from './attempt.ts';
import type { Bearer, BearerSource } from './bearer-source.ts';
import { keepToHost, requestHeaders, withoutAuthorization } from './request-headers.ts';

/** How many message ids are remembered that came back with 401 and without a mark. */
const MOST_UNMARKED = 1_000;

/** What an `Attacher` is to do, and what it tells. */
export interface AttacherOptions {
  /** The id of the flow node. */
  node: string;
  /** Whether the header hides its token from who prints the message. */
  hides: boolean;
  /** `msg.auth` of a message whose 401 another token does not help against. */
  rejected: Auth;
  /** Whether the node names the hosts that may get the token. */
  hasHosts: boolean;
  /** @throws AuthError if the message goes to a host that may not get the token */
  checkHost(msg: NodeMessage): void;
  /** A message got its header, after one that got none. */
  showReady(bearer: Bearer): void;
  /** A message leaves for a sign-in. */
  showNeeded(auth: Auth): void;
}

/** What `attach-bearer` does with a message: it gets its header, and another one where an API rejected its token. */
export class Attacher {
  readonly #options: AttacherOptions;
  readonly #unmarked = new LRUCache<string, true>({ max: MOST_UNMARKED });
  /** What is shown is of a message that got no header: the next one that does makes it untrue. */
  #isTroubled = false;

  constructor(options: AttacherOptions) {
    this.#options = options;
  }

  /** Something is shown that is untrue as soon as a message gets its header. */
  troubled(): void {
    this.#isTroubled = true;
  }

  /** Gives a message its header, and the mark by which it is known when it comes back. */
  attach(msg: NodeMessage, bearer: Bearer, at: AttemptStep): NodeMessage {
    const { node, hides } = this.#options;
    if (this.#isTroubled) {
      this.#isTroubled = false;
      this.#options.showReady(bearer);
    }
    const restore = remember(msg);
    const headers = requestHeaders(msg.headers, hides ? bearer.hiddenHeader.headers() : {});
    if (!hides) headers.authorization = bearer.header;
    if (this.#options.hasHosts) keepToHost(msg, headers);
    msg.headers = headers;
    mark(msg, { node, at, generation: bearer.generation, restore });
    return msg;
  }

  /** A token is sought for a message. @throws AuthError where no answer that makes sense was had, or for another host */
  async seek(from: BearerSource, msg: NodeMessage, send: Send): Promise<void> {
    this.#options.checkHost(msg);
    const { bearer, needed } = await from.seek(msg);
    if (bearer) send(this.attach(msg, bearer, 'sent'));
    else this.#need(msg, needed, send);
  }

  /**
   * The API said 401: another token is tried, then a sign-in, then another token once more, and that is the end.
   *
   * @throws AuthError `token-still-rejected` at the end, and as `seek`
   */
  async retry(from: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> {
    const { node, rejected } = this.#options;
    const attempt = attemptOf(msg, node);
    // One with a mark gets its own address back first.
    if (!attempt) this.#options.checkHost(msg);
    const at = attempt?.at ?? this.#unmarkedStep(from, msg);
    const restore = attempt?.restore ?? remember(msg);
    const mayTry = (at === 'sent' || at === 'sign-in') && (await from.reject(msg, attempt?.generation));
    // The sign-in at output 2 may lead back here. Where it brought no token that the API takes, the circle ends.
    if (!mayTry && (at === 'sign-in' || at === 'sent-after-sign-in')) throw new AuthError('token-still-rejected');
    if (mayTry) {
      restore(msg);
      this.#options.checkHost(msg);
    }
    const { bearer, needed } = mayTry ? await from.seek(msg) : { needed: { ...rejected } };
    if (bearer) {
      delete msg.statusCode;
      send(this.attach(msg, bearer, at === 'sent' ? 'sent-again' : 'sent-after-sign-in'));
      return;
    }
    mark(msg, { node, at: 'sign-in', generation: attempt?.generation ?? 0, restore });
    this.#need(msg, needed, send);
  }

  /** Takes the header off a message that leaves without a token: a later request must not send an old one. */
  strip(msg: NodeMessage): void {
    if ('headers' in msg) msg.headers = withoutAuthorization(msg.headers);
  }

  /** A message whose mark is lost is known by its id, from its second 401 on. */
  #unmarkedStep({ id }: BearerSource, { _msgid }: NodeMessageInFlow): AttemptStep {
    // With several config nodes, one message id may stand for a message to each of them.
    const key = `${id} ${_msgid}`;
    const at = this.#unmarked.has(key) ? 'sent-again' : 'sent';
    this.#unmarked.set(key, true);
    return at;
  }

  #need(msg: NodeMessage, auth: Auth, send: Send): void {
    this.strip(msg);
    msg.auth = auth;
    this.troubled();
    this.#options.showNeeded(auth);
    send(byOutput(1, msg));
  }
}

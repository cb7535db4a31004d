import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import { needsHuman } from '../hold/awaited-user.ts';
import type { HeldMessage, HoldResult } from '../hold/held-message.ts';
import type { Hold } from '../hold/hold.ts';
import type { Send } from '../input.ts';
import { type Auth, byOutput } from '../msg-auth.ts';
import type { Bearer, BearerResult } from './bearer.ts';
import type { BearerSource } from './bearer-source.ts';
import { missingScopeIn, type RejectOn } from './reject-on.ts';
import { type RejectedMessages, senderOf } from './rejected-messages.ts';
import { keepToHost, requestHeaders, withoutAuthorization } from './request-headers.ts';
import { type Attempt, type AttemptStep, attemptOf, mark, remember } from './retry-mark.ts';

/** How many times a message is sent if it comes back rejected each time. */
const MAX_SENDS = 3;

/** The settings of an `Attacher`, and its callbacks. */
export interface AttacherOptions {
  /** The id of the flow node. */
  node: string;
  /** Whether the header hides its token from nodes that print the message. */
  hides: boolean;
  /** `msg.auth.system`; undefined if the token is on the message. */
  system: Auth['system'];
  /** The statuses by which the API rejects a token. */
  rejectOn: RejectOn;
  /** The queue in which messages wait for a human; undefined if they do not wait. */
  hold: Hold | undefined;
  /** The rejected messages of this Node-RED. */
  sends: RejectedMessages;
  /** Whether the node names the hosts that may get the token. */
  hasHosts: boolean;
  /** @throws AuthError if the message goes to a host that may not get the token */
  checkHost(msg: NodeMessage): void;
  /** A message got its header, after one that got none. */
  showReady(bearer: Bearer): void;
  /** A message leaves for a sign-in. */
  showNeeded(auth: Auth): void;
}

/** The work of `attach-bearer` on a message: it adds the header, and tries another token if the API rejects the first. */
export class Attacher {
  readonly #options: AttacherOptions;
  /** Whether the status is about a message that got no header. It is no longer true when the next message gets one. */
  #showsFailure = false;

  constructor(options: AttacherOptions) {
    this.#options = options;
  }

  /** The status shows something that is no longer true when a message gets its header. */
  failed(): void {
    this.#showsFailure = true;
  }

  /** Adds the header to a message that did not come back rejected. It takes no asynchronous step. */
  attach(msg: NodeMessage, bearer: Bearer): NodeMessage {
    this.#options.sends.clear(msg, this.#options.node);
    return this.#attach(msg, bearer, 'sent', 1);
  }

  /**
   * Waits for a token for a message that did not come back rejected.
   *
   * @throws AuthError if there is no usable answer, or the message goes to a host that may not get the token
   */
  async seek(source: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> {
    this.#options.checkHost(msg);
    await this.#deliver(source, msg, await source.seek(msg), send);
  }

  /**
   * Continues with a message that was on hold before a deploy.
   *
   * @throws AuthError as `seek`
   */
  async resume(source: BearerSource, msg: NodeMessageInFlow, held: HeldMessage, send: Send): Promise<void> {
    const { rejected } = held;
    if (rejected === undefined) {
      this.#options.checkHost(msg);
      return this.#deliver(source, msg, await source.seek(msg), send, held);
    }
    const bearer = source.current(msg);
    // The token is valid, and the API has rejected it: the message still waits for a sign-in.
    const isOld = bearer !== undefined && bearer.generation <= rejected;
    const found = bearer && !isOld ? { bearer } : isOld ? { needed: held.needed } : await source.seek(msg);
    return this.#deliverRejected(source, msg, found, rejected, send, held);
  }

  /**
   * Handles a message with a status by which the API may reject its token (`RejectOn.notices`). It is sent with a newer
   * token, then leaves for a sign-in, and is sent once more after that: three times in total.
   *
   * @throws AuthError `token-still-rejected` if there is nothing left to try after a sign-in, and as `seek`
   */
  async retry(source: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> {
    const attempt = attemptOf(msg);
    // After a sign-in the message still has the status and headers of the rejection before it.
    if (attempt?.at !== 'sign-in') {
      const scope = missingScopeIn(msg.headers, source.current(msg));
      if (scope && attempt?.at !== 'sent-after-sign-in') return this.#leaveForScope(source, msg, scope, send);
      if (!scope && !this.#options.rejectOn.rejects(msg.statusCode)) return this.seek(source, msg, send);
    }
    const rejection = this.#readRejection(source, msg);
    const { own, sends, next } = rejection;
    // A message with a mark gets its own address back first.
    if (!own) this.#options.checkHost(msg);
    const mayTry =
      next !== undefined && sends < MAX_SENDS && (next === 'sent' || (await source.reject(msg, own?.generation)));
    // The sign-in at output 2 leads back here, and returned no token that the API accepts: the loop has to end.
    if (!mayTry && isAfterSignIn(attempt)) throw new AuthError('token-still-rejected');
    if (mayTry && own) {
      own.restore(msg);
      this.#options.checkHost(msg);
    }
    const { bearer, needed } = mayTry ? await source.seek(msg) : { needed: this.#needed('token-rejected') };
    if (!bearer) {
      this.#markForSignIn(source, msg, rejection);
      const rejected = own?.generation ?? 0;
      if (sends < MAX_SENDS) return this.#deliverRejected(source, msg, { needed }, rejected, send);
      return this.leave(msg, needed, send);
    }
    this.#remember(source, msg, sends + 1);
    if (next !== 'sent') delete msg.statusCode;
    send(this.#attach(msg, bearer, next ?? 'sent', sends + 1));
  }

  /** Removes the header from a message that leaves without a token: a later request must not send an old one. */
  strip(msg: NodeMessage): void {
    if ('headers' in msg) msg.headers = withoutAuthorization(msg.headers);
  }

  /**
   * The state of a rejected message. With the mark of this node, only the mark counts: the parts that a Split node
   * creates from one message share their `_msgid`.
   *
   * A rejection without this mark may come from another API, and must not drop a valid token: the first one counts as a new
   * message. The next one with the same `_msgid` comes from this API, and the flow drops the mark.
   */
  #readRejection({ id }: BearerSource, msg: NodeMessageInFlow): Rejection {
    const { node, sends: known } = this.#options;
    const attempt = attemptOf(msg);
    if (attempt?.node === node) return { own: attempt, sends: attempt.sends, next: NEXT[attempt.at] };
    // Without any mark, the flow may have dropped it: then the message was sent once.
    const sends = Math.max(attempt?.sends ?? 1, known.of(msg));
    return { own: undefined, sends, next: known.isKnown(msg, senderOf(node, id)) ? 'sent-again' : 'sent' };
  }

  #remember({ id }: BearerSource, msg: NodeMessageInFlow, sends: number): void {
    this.#options.sends.add(msg, senderOf(this.#options.node, id), sends);
  }

  #attach(msg: NodeMessage, bearer: Bearer, at: AttemptStep, sends: number): NodeMessage {
    const { node, hides, hasHosts, showReady } = this.#options;
    if (this.#showsFailure) {
      this.#showsFailure = false;
      showReady(bearer);
    }
    const restore = remember(msg);
    const headers = requestHeaders(msg.headers, hides ? bearer.hiddenHeader.headers() : {});
    if (!hides) headers.authorization = bearer.header;
    if (hasHosts) keepToHost(msg, headers);
    msg.headers = headers;
    mark(msg, { node, at, sends, generation: bearer.generation, restore });
    return msg;
  }

  /** Sends a message that did not come back rejected. It may wait for a human before. @param again its hold before a deploy */
  async #deliver(
    source: BearerSource,
    msg: NodeMessageInFlow,
    found: BearerResult,
    send: Send,
    again?: HeldMessage,
  ): Promise<void> {
    const { bearer, needed } = await this.#held(source, msg, found, undefined, again);
    if (bearer) send(this.attach(msg, bearer));
    else if (needed) this.leave(msg, needed, send);
  }

  /** Sends a rejected message that is marked for a sign-in, once more. It may wait for a human before. */
  async #deliverRejected(
    source: BearerSource,
    msg: NodeMessageInFlow,
    found: BearerResult,
    rejected: number,
    send: Send,
    again?: HeldMessage,
  ): Promise<void> {
    const { bearer, needed } = await this.#held(source, msg, found, rejected, again);
    const attempt = attemptOf(msg);
    if (bearer && attempt) {
      attempt.restore(msg);
      this.#options.checkHost(msg);
      const sends = attempt.sends + 1;
      this.#remember(source, msg, sends);
      delete msg.statusCode;
      send(this.#attach(msg, bearer, 'sent-after-sign-in', sends));
    } else if (needed) this.leave(msg, needed, send);
  }

  /** Lets a message wait for a human if it can. */
  async #held(
    source: BearerSource,
    msg: NodeMessageInFlow,
    found: BearerResult,
    rejected: number | undefined,
    again: HeldMessage | undefined,
  ): Promise<HoldResult> {
    const { hold } = this.#options;
    const { needed } = found;
    if (!needed || !hold?.isOn || !needsHuman(needed)) return found;
    const awaited = await source.awaited?.(msg, needed);
    return awaited ? hold.wait({ msg, awaited, needed, rejected }, again) : found;
  }

  /** The API says that a token with another scope is needed, so a newer one would not help. */
  #leaveForScope(source: BearerSource, msg: NodeMessageInFlow, scope: string[], send: Send): void {
    const auth = this.#needed('scope-insufficient');
    if (scope.length > 0) auth.missing_scope = scope;
    this.#markForSignIn(source, msg, this.#readRejection(source, msg));
    this.leave(msg, auth, send);
  }

  /** The mark identifies the message when it comes back from the sign-in. */
  #markForSignIn(source: BearerSource, msg: NodeMessageInFlow, { own, sends }: Rejection): void {
    this.#remember(source, msg, sends);
    const restore = own?.restore ?? remember(msg);
    mark(msg, { node: this.#options.node, at: 'sign-in', sends, generation: own?.generation ?? 0, restore });
  }

  /** A message leaves without a token, for a sign-in. */
  leave(msg: NodeMessage, auth: Auth, send: Send): void {
    this.strip(msg);
    msg.auth = auth;
    this.failed();
    this.#options.showNeeded(auth);
    send(byOutput(1, msg));
  }

  #needed(reason: Reason): Auth {
    const { system } = this.#options;
    return { ...(system ? { system } : {}), state: 'sign-in-needed', reason };
  }
}

/** The state of a message that came back rejected. */
interface Rejection {
  /** The mark of this node, if the message has it. */
  own: Attempt | undefined;
  /** How many times it was sent. */
  sends: number;
  /** The step if it is sent again; undefined if another token was tried already. */
  next: AttemptStep | undefined;
}

/** The step after a rejection, by the last step. */
const NEXT: Readonly<Record<AttemptStep, AttemptStep | undefined>> = {
  sent: 'sent-again',
  'sent-again': undefined,
  'sign-in': 'sent-after-sign-in',
  'sent-after-sign-in': undefined,
};

function isAfterSignIn(attempt: Attempt | undefined): boolean {
  return attempt?.at === 'sign-in' || attempt?.at === 'sent-after-sign-in';
}

import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Cancel, Clock } from '../../../src/core/clock.ts';
import { asAuthError } from '../../../src/core/errors.ts';
import { isWithin, timeWindow } from '../../../src/core/time-window.ts';
import type { SignInNews } from '../../../src/visual-guard/sign-in/awaited-sign-ins.ts';
import { afterEachStart } from '../after-start.ts';
import type { Bearer, BearerResult } from '../bearer/bearer.ts';
import { type Auth, authOfRefusal, byOutput } from '../msg-auth.ts';
import { engineOf } from '../runtime.ts';
import { revisionOf } from '../sign-ins/revision.ts';
import type { StatusLine } from '../status.ts';
import { type AwaitedUser, needsHuman } from './awaited-user.ts';
import { EarlierMessages } from './earlier-messages.ts';
import { addHold, removeHold } from './held-count.ts';
import { type HeldMessage, type HoldResult, nextArrival } from './held-message.ts';
import { HoldQueue } from './hold-queue.ts';
import { giveUp, type Left, leftMessagesOf } from './left-messages.ts';

/** How often it is checked whether the time of a message is over, in ms. A long timer would be late after the machine has slept. */
const CHECK = 60_000;

/** The reason for which a message is on hold. */
export interface Wait {
  msg: NodeMessage;
  awaited: AwaitedUser;
  /** The value of `msg.auth` if it left now. */
  needed: Auth;
  /** If the API has rejected its token: the number of the token, or 0 if that is unknown. */
  rejected: number | undefined;
}

/** The messages that wait for the same user. */
interface Group {
  readonly awaited: AwaitedUser;
  /** The challenge that a human was asked to answer; empty if there was none. */
  readonly asked: string;
  /** Stops following the user. */
  unfollow: Cancel;
  /** Whether a token is being requested. */
  isAsking: boolean;
}

/** How an `attach-bearer` node holds messages. */
export interface HoldOptions {
  /** How long a message waits, in s; 0 if the node holds none. */
  seconds: number;
  /** How many messages wait at most. */
  max: number;
}

/** The messages of an `attach-bearer` node that wait for a human to sign their users in. */
export class Hold {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #status: StatusLine;
  readonly #clock: Clock;
  readonly #options: HoldOptions;
  readonly #queue = new HoldQueue<HeldMessage>();
  readonly #groups = new Map<string, Group>();
  readonly #earlier: EarlierMessages;
  #timer: Cancel | undefined;
  #isClosed = false;

  private constructor(RED: NodeAPI, node: Node, status: StatusLine, options: HoldOptions, before: Left | undefined) {
    this.#RED = RED;
    this.#node = node;
    this.#status = status;
    this.#clock = engineOf(RED).clock;
    this.#options = options;
    this.#earlier = new EarlierMessages(RED, node, before);
    afterEachStart(RED, node, () => this.#followDeploy());
    addHold(RED, this);
    leftMessagesOf(RED).open(node.id, this.#earlier);
    node.on('close', (removed: boolean, done: () => void) => {
      this.#close(removed);
      done();
    });
  }

  /** @returns undefined if the node holds no messages, and held none before the deploy */
  static open(RED: NodeAPI, node: Node, status: StatusLine, options: HoldOptions): Hold | undefined {
    const before = EarlierMessages.takeFrom(RED, node);
    return options.seconds > 0 || before ? new Hold(RED, node, status, options, before) : undefined;
  }

  /** Whether messages wait here. If not, there may be some from before a deploy. */
  get isOn(): boolean {
    return this.#options.seconds > 0;
  }

  /** Whether a message must take the slow path: it releases those that wait, is one of them, or has to come after them. */
  concerns(msg: NodeMessage & { reset?: unknown }): boolean {
    return this.#earlier.isUnderWay || (msg.reset === true && this.#queue.size > 0);
  }

  /** If a message has to wait until the messages from before a deploy are back, it is handled then. @returns whether it has to */
  postpone(msg: NodeMessage, handle: () => void): boolean {
    return this.#earlier.postpone(msg, handle);
  }

  /** Whether a message was on hold before a deploy, and is sent to the node again. */
  takeReturning(msg: NodeMessage): HeldMessage | undefined {
    return this.#earlier.take(msg);
  }

  /** How many messages wait at a config node. */
  countAt(config: string): number {
    let count = 0;
    for (const [key, { awaited }] of this.#groups) if (awaited.config === config) count += this.#queue.count(key);
    return count;
  }

  /**
   * Keeps a message until its user is signed in, or it leaves without a token.
   *
   * @param again the same message before a deploy: it keeps its place and its time
   * @throws AuthError if there is no usable answer after the sign-in
   */
  wait({ msg, awaited, needed, rejected }: Wait, again?: HeldMessage): Promise<HoldResult> {
    return new Promise((resolve, reject) => {
      const { arrival, since } = again ?? { arrival: nextArrival(), since: this.#clock.now() };
      // A token that is valid now is no solution, either.
      const newest = rejected === undefined ? undefined : Math.max(rejected, awaited.current()?.generation ?? 0);
      const { key } = awaited;
      const message = { msg, awaited, key, arrival, since, needed, rejected: newest, end: resolve, fail: reject };
      this.#add(message, again !== undefined);
    });
  }

  /** Sends all messages on without a token. @returns whether there were any */
  releaseAll(): boolean {
    return this.#endWithout(() => true) > 0;
  }

  #add(message: HeldMessage, isBack: boolean): void {
    const { key, awaited } = message;
    if (this.#isClosed) {
      if (!leftMessagesOf(this.#RED).add(this.#node, message)) giveUp(this.#RED, this.#node, [message]);
      return;
    }
    if (!awaited.isDeployed(this.#RED)) {
      // A deploy has replaced the config node while the message was on its way here.
      this.#earlier.giveBack([message]);
      return;
    }
    // The sign-in may have finished while the message was on its way here.
    const bearer = awaited.current();
    if (bearer && helps(bearer, message)) {
      message.end({ bearer });
      return;
    }
    this.#queue.add(message);
    if (!this.#groups.has(key)) this.#groups.set(key, this.#follow(message, isBack));
    for (const each of this.#left(this.#queue.shrink(this.#options.max))) this.#leave(each);
    if (this.#queue.oldest === message) this.#arm();
    this.#changed();
  }

  /** Follows the user of the first message that waits for that user. A human gets a request, unless there was one already. */
  #follow({ awaited, key, needed }: HeldMessage, isBack: boolean): Group {
    const { challenge } = needed;
    const earlier = isBack ? this.#earlier.askedFor(key) : undefined;
    if (earlier === undefined || (challenge && challenge.id !== earlier)) {
      const auth: Auth = { ...structuredClone(needed), ...(awaited.user ? { user: awaited.user } : {}), held: true };
      this.#node.send(byOutput(1, { auth } as unknown as NodeMessage));
    }
    const group: Group = { awaited, asked: challenge?.id ?? earlier ?? '', isAsking: false, unfollow: () => undefined };
    group.unfollow = awaited.follow((news) => this.#learn(group, news));
    return group;
  }

  #learn(group: Group, news: SignInNews): void {
    if (news !== 'signed-in') {
      this.#serve(group, { needed: authOfRefusal('vg', news) });
      return;
    }
    const bearer = group.awaited.current();
    if (bearer) this.#serve(group, { bearer });
    else void this.#ask(group);
  }

  /** The session that started has no token that is valid now, as one that began at another replica long ago. */
  async #ask(group: Group): Promise<void> {
    if (group.isAsking) return;
    group.isAsking = true;
    try {
      const result = await group.awaited.ask();
      // The session has ended again: the messages keep waiting.
      if (result.bearer || !needsHuman(result.needed)) this.#serve(group, result);
    } catch (thrown) {
      const { key } = group.awaited;
      for (const message of this.#take((each) => each.key === key)) message.fail(asAuthError(thrown));
    } finally {
      group.isAsking = false;
    }
  }

  /** Sends on all messages of a user, except those that the API has rejected with this token. */
  #serve({ awaited: { key } }: Group, result: BearerResult): void {
    const leaves = (message: HeldMessage): boolean =>
      message.key === key && (result.bearer === undefined || helps(result.bearer, message));
    // Each message gets its own `auth`: a flow can change it.
    for (const message of this.#take(leaves)) message.end(result.needed ? structuredClone(result) : result);
  }

  #endWithout(leaves: (message: HeldMessage) => boolean): number {
    const taken = this.#take(leaves);
    for (const message of taken) this.#leave(message);
    return taken.length;
  }

  #leave({ awaited, needed, end }: HeldMessage): void {
    end({ needed: awaited.neededNow(needed) });
  }

  #take(leaves: (message: HeldMessage) => boolean): HeldMessage[] {
    const taken = this.#left(this.#queue.take(leaves));
    if (taken.length > 0) this.#changed();
    return taken;
  }

  /** Stops following each user whose last message has left. @param messages those that have left the queue */
  #left(messages: HeldMessage[]): HeldMessage[] {
    for (const { key } of messages) {
      if (this.#queue.count(key) > 0) continue;
      this.#groups.get(key)?.unfollow();
      this.#groups.delete(key);
      this.#earlier.forget(key);
    }
    return messages;
  }

  /** The number of messages has changed. */
  #changed(): void {
    this.#status.waiting = this.#queue.size;
    revisionOf(this.#RED).needChanged();
  }

  #arm(): void {
    const { oldest } = this.#queue;
    this.#timer?.();
    this.#timer = undefined;
    if (!oldest) return;
    const left = oldest.since + this.#life - this.#clock.now();
    const run = (): void => {
      const now = this.#clock.now();
      this.#endWithout(({ since }) => !isWithin(timeWindow(since, this.#life), now));
      // If the store did not answer when another replica reported a sign-in, nothing else would release the messages.
      for (const { awaited } of this.#groups.values()) void awaited.find();
      this.#arm();
    };
    this.#timer = this.#clock.after(Math.min(Math.max(0, left), CHECK), run, true);
  }

  /** How long a message waits, in ms. */
  get #life(): number {
    return this.#options.seconds * 1_000;
  }

  /** A deploy may have replaced config nodes that messages have chosen by name. */
  #followDeploy(): void {
    const isGone = ({ awaited }: Pick<Wait, 'awaited'>): boolean => !awaited.isDeployed(this.#RED);
    // A message may wait for the new config node in a group that follows the old one.
    const groups = new Set([...this.#groups].flatMap(([key, group]) => (isGone(group) ? [key] : [])));
    this.#earlier.giveBack(this.#take((message) => groups.has(message.key) || isGone(message)));
  }

  #close(removed: boolean): void {
    this.#isClosed = true;
    this.#timer?.();
    removeHold(this.#RED, this);
    leftMessagesOf(this.#RED).close(this.#node.id, this.#earlier);
    const { messages: earlier, asked } = this.#earlier.close();
    for (const [key, group] of this.#groups) asked.set(key, group.asked);
    const messages = [...this.#take(() => true), ...earlier];
    if (removed) giveUp(this.#RED, this.#node, messages);
    else leftMessagesOf(this.#RED).leave(this.#node, { messages, asked });
  }
}

/** Whether a token is enough for a message. One that the API has rejected needs a newer one. */
function helps({ generation }: Bearer, { rejected }: HeldMessage): boolean {
  return rejected === undefined || generation > rejected;
}

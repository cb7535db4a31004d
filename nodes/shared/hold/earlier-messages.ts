import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { afterStart, isDeploying } from '../after-start.ts';
import type { HeldMessage } from './held-message.ts';
import { type Left, leftMessagesOf } from './left-messages.ts';

/**
 * The messages that the node with the same ID held before a deploy. When the flows have started they are sent to the node
 * again, as if they came by a wire, so that the node reports their ends. Messages that arrive meanwhile are handled after them.
 */
export class EarlierMessages {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  /** The messages that are not sent back yet. */
  #left: HeldMessage[];
  readonly #asked: Map<string, string>;
  /** Sent to the node, which has not received them yet. */
  readonly #returning = new Map<NodeMessage, HeldMessage>();
  #later: (() => void)[] = [];
  #isBack: boolean;

  constructor(RED: NodeAPI, node: Node, before: Left | undefined) {
    this.#RED = RED;
    this.#node = node;
    this.#left = before?.messages ?? [];
    this.#asked = before?.asked ?? new Map();
    this.#isBack = before === undefined;
    if (before) this.#comeBackLater();
  }

  /** @returns undefined if the node with the same ID held none */
  static takeFrom(RED: NodeAPI, node: Node): Left | undefined {
    return leftMessagesOf(RED).take(node.id);
  }

  /** Whether a message can be one of them, or has to come after them. */
  get isUnderWay(): boolean {
    return !this.#isBack || this.#returning.size > 0;
  }

  /** The challenge that a human was asked to answer before the deploy; empty if there was none, undefined without a request. */
  askedFor(key: string): string | undefined {
    return this.#asked.get(key);
  }

  /** No message waits for this user any longer: the next message causes a request to a human. */
  forget(key: string): void {
    this.#asked.delete(key);
  }

  /** If a message has to wait until they are back, it is handled then. @returns whether it has to */
  postpone(msg: NodeMessage, handle: () => void): boolean {
    if (this.#isBack || this.#returning.has(msg)) return false;
    this.#later.push(handle);
    return true;
  }

  /** The message is one of them: it is sent to the node. */
  take(msg: NodeMessage): HeldMessage | undefined {
    const held = this.#returning.get(msg);
    this.#returning.delete(msg);
    return held;
  }

  /** Sends messages to the node again: at once, or when the flows have started. */
  giveBack(messages: readonly HeldMessage[]): void {
    if (this.#isBack && isDeploying(this.#RED)) {
      this.#isBack = false;
      this.#comeBackLater();
    }
    if (this.#isBack) this.#give(messages);
    else this.#left.push(...messages);
  }

  /** The node is closed. @returns the messages that are not sent back, and the earlier requests to a human */
  close(): Left {
    const left = { messages: this.#left, asked: new Map(this.#isBack ? [] : this.#asked) };
    this.#left = [];
    this.#handleLater();
    return left;
  }

  #comeBackLater(): void {
    afterStart(this.#RED, this.#node, () => this.#comeBack());
  }

  #comeBack(): void {
    const left = this.#left;
    this.#left = [];
    this.#give(left);
    this.#handleLater();
  }

  #give(messages: readonly HeldMessage[]): void {
    for (const message of messages) this.#returning.set(message.msg, message);
    for (const { msg } of messages) this.#node.receive(msg);
  }

  #handleLater(): void {
    this.#isBack = true;
    const later = this.#later;
    this.#later = [];
    for (const handle of later) handle();
  }
}

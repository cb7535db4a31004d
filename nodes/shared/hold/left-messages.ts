import type { Node, NodeAPI } from 'node-red';
import { textOf } from '../catalogue.ts';
import type { HeldMessage } from './held-message.ts';

/** The data that a closed node leaves to the next node with the same ID. */
export interface Left {
  messages: HeldMessage[];
  /** For each user with waiting messages: the challenge that a human was asked to answer; empty if there was none. */
  asked: Map<string, string>;
}

/** An object that takes the messages that the previous node with the same ID held. */
interface Heir {
  giveBack(messages: readonly HeldMessage[]): void;
}

/** All objects that leave messages to a next node. Messages that are left when the process ends are lost. */
const withMessages = new Set<LeftMessages>();
const reportAll = (): void => {
  for (const each of withMessages) each.report();
};

/**
 * The messages on hold of nodes that a deploy has closed. The node with the same ID takes them. If there is none when the
 * flows have started, or Node-RED ends, they are lost, and the log has one line for each node.
 */
export class LeftMessages {
  readonly #RED: NodeAPI;
  readonly #left = new Map<string, Left & { node: Node }>();
  /** The nodes that are open, by their ids. */
  readonly #open = new Map<string, Heir>();

  constructor(RED: NodeAPI) {
    this.#RED = RED;
    RED.events.on('flows:started', () => this.report());
  }

  /** A node with this ID takes messages, until it is closed. */
  open(id: string, heir: Heir): void {
    this.#open.set(id, heir);
  }

  /** The node with this ID is closed. */
  close(id: string, heir: Heir): void {
    if (this.#open.get(id) === heir) this.#open.delete(id);
  }

  /** Leaves the messages of a closed node. There may be none: one that requests a token may follow later. */
  leave(node: Node, { messages, asked }: Left): void {
    this.#left.set(node.id, { node, messages, asked });
    if (messages.length > 0) this.#awaitExit();
  }

  /**
   * Leaves one more message of a node that was closed while it requested a token: to the node with the same ID, or to the
   * next one.
   *
   * @returns false if there is no such node, now or later
   */
  add(node: Node, message: HeldMessage): boolean {
    const heir = this.#open.get(node.id);
    if (heir) {
      heir.giveBack([message]);
      return true;
    }
    const left = this.#left.get(node.id);
    if (!left) return false;
    left.messages.push(message);
    this.#awaitExit();
    return true;
  }

  /** Takes the messages of the previous node, if there was one. */
  take(id: string): Left | undefined {
    const left = this.#left.get(id);
    this.#left.delete(id);
    this.#settle();
    return left;
  }

  /** Drops the messages that no node has taken, and logs that. */
  report(): void {
    for (const { node, messages } of this.#left.values()) giveUp(this.#RED, node, messages);
    this.#left.clear();
    this.#settle();
  }

  /** Logs the loss if the process ends before a node has taken the messages. */
  #awaitExit(): void {
    if (withMessages.size === 0) process.once('exit', reportAll);
    withMessages.add(this);
  }

  #settle(): void {
    if (this.#left.size > 0 || !withMessages.delete(this)) return;
    if (withMessages.size === 0) process.off('exit', reportAll);
  }
}

/** Ends messages without sending them. The log has one line with the node and their number. */
export function giveUp(RED: NodeAPI, node: Node, messages: readonly HeldMessage[]): void {
  if (messages.length === 0) return;
  const key = 'hold.lost';
  node.warn(textOf(RED, key, { number: messages.length }));
  for (const message of messages) message.end({ lost: true });
}

/** By the event bus of each Node-RED in this process, as the engine is. */
const all = new WeakMap<object, LeftMessages>();

/** The messages that closed nodes of this Node-RED have left. */
export function leftMessagesOf(RED: NodeAPI): LeftMessages {
  const left = all.get(RED.events) ?? new LeftMessages(RED);
  all.set(RED.events, left);
  return left;
}

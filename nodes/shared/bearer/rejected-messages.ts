import { LRUCache } from 'lru-cache';
import type { NodeAPI, NodeMessage } from 'node-red';

/** How many ids of rejected messages one Node-RED remembers. */
const MAX_IDS = 10_000;

/** An id that is longer, in characters, or no text counts as the empty one: a flow can put anything into `_msgid`. */
const MAX_ID_LENGTH = 100;

/** A rejected message. */
interface Rejected {
  /** How many times it was sent. */
  sends: number;
  /** The senders from which it came back rejected. */
  readonly senders: Set<string>;
}

/**
 * The messages that came back rejected, by `_msgid`. A flow can drop the mark of a message, and then only the ID
 * identifies it. All `attach-bearer` nodes of a Node-RED share it, because a loop can lead through several.
 *
 * A sender is a flow node and the config node that its token is from.
 */
export class RejectedMessages {
  /** Created when it is needed: in most flows no token is ever rejected. */
  #rejected: LRUCache<string, Rejected> | undefined;

  /** How many times a message was sent, if it came back rejected from any sender; 0 if it never did. */
  of(msg: NodeMessage): number {
    return this.#rejected?.get(keyOf(msg))?.sends ?? 0;
  }

  /** Whether a message came back rejected from this sender. */
  isKnown(msg: NodeMessage, sender: string): boolean {
    return this.#rejected?.get(keyOf(msg))?.senders.has(sender) ?? false;
  }

  /** Remembers that a message came back rejected from a sender. @param sends how many times it has been sent */
  add(msg: NodeMessage, sender: string, sends: number): void {
    this.#rejected ??= new LRUCache({ max: MAX_IDS });
    const key = keyOf(msg);
    const rejected = this.#rejected.get(key) ?? { sends, senders: new Set() };
    rejected.sends = Math.max(rejected.sends, sends);
    rejected.senders.add(sender);
    this.#rejected.set(key, rejected);
  }

  /**
   * Forgets that a message came back rejected from the senders of a flow node, because it arrives without a rejection.
   * It is called for every message, so it does next to nothing if the message is not remembered.
   *
   * @param node the id of the flow node
   */
  clear(msg: NodeMessage, node: string): void {
    const rejected = this.#rejected?.get(keyOf(msg));
    if (!rejected) return;
    for (const sender of rejected.senders) if (sender.startsWith(`${node} `)) rejected.senders.delete(sender);
    if (rejected.senders.size === 0) this.#rejected?.delete(keyOf(msg));
  }
}

/** Names a sender. @param source the id of the config node; empty if the token is on the message */
export function senderOf(node: string, source: string): string {
  return `${node} ${source}`;
}

function keyOf({ _msgid: id }: { _msgid?: unknown }): string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH ? id : '';
}

/** By the event bus of each Node-RED in this process, as the engine is. */
const all = new WeakMap<object, RejectedMessages>();

/** The rejected messages of this Node-RED. */
export function rejectedMessagesOf(RED: NodeAPI): RejectedMessages {
  let sends = all.get(RED.events);
  if (!sends) {
    sends = new RejectedMessages();
    all.set(RED.events, sends);
  }
  return sends;
}

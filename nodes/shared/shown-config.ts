import type { Node } from 'node-red';
import type { Cancel, System } from '../../src/system.ts';
import type { OpenNode } from './config-choice.ts';
import type { StatusLine } from './status.ts';

/** Where each message may choose another config node, the status changes from one to the next this often at most, in ms. */
const PAUSE = 1_000;

/** Shows under a flow node where the config node stands that it used last. */
export class ShownConfig<T> {
  readonly #status: StatusLine;
  readonly #system: System;
  readonly #follow: (connection: T) => () => void;
  readonly #isNamed: boolean;
  #shown: OpenNode<T> | undefined;
  #last: OpenNode<T> | undefined;
  #unfollow: (() => void) | undefined;
  #pause: Cancel | undefined;
  #isClosed = false;

  /**
   * @param isNamed whether messages choose; then the status begins with the config node's name
   * @param follow shows where a connection stands, and from then on what becomes of it; it returns how to end that
   */
  constructor(node: Node, status: StatusLine, system: System, isNamed: boolean, follow: (connection: T) => () => void) {
    this.#status = status;
    this.#system = system;
    this.#isNamed = isNamed;
    this.#follow = follow;
    node.on('close', () => {
      this.#isClosed = true;
      this.#unfollow?.();
      this.#pause?.();
    });
  }

  /** A message is served. This is on the way of every message, so it does next to nothing where nothing changes. */
  used(node: OpenNode<T>): void {
    this.#last = node;
    if (node === this.#shown || this.#pause || this.#isClosed) return;
    this.show(node);
    this.#pause = this.#system.after(
      PAUSE,
      () => {
        this.#pause = undefined;
        if (this.#last && this.#last !== this.#shown) this.used(this.#last);
      },
      true,
    );
  }

  /** Something is to be shown of this one, now: the status must not say it of another. */
  show(node: OpenNode<T>): void {
    this.#last = node;
    if (node === this.#shown || this.#isClosed) return;
    this.#shown = node;
    this.#unfollow?.();
    this.#status.isPractice = node.isPractice;
    this.#status.about = this.#isNamed ? (node.name ?? '') : '';
    this.#unfollow = this.#follow(node.connection);
  }

  showLast(): void {
    if (this.#last) this.show(this.#last);
  }
}

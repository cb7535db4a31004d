import type { Node } from 'node-red';
import type { Cancel, System } from '../../../src/system.ts';
import type { StatusLine } from '../status.ts';
import type { ConfigChoice, OpenNode } from './config-choice.ts';

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
   * @param choice the one that is chosen in the dialog is shown at once; where messages choose, the status begins with the
   * config node's name; undefined where nothing could be opened
   * @param follow shows where a connection stands, and from then on what becomes of it; it returns how to end that
   */
  constructor(
    node: Node,
    status: StatusLine,
    system: System,
    choice: ConfigChoice<T> | undefined,
    follow: (connection: T) => () => void,
  ) {
    this.#status = status;
    this.#system = system;
    this.#isNamed = choice !== undefined && !choice.fixed;
    this.#follow = follow;
    node.on('close', () => {
      this.#isClosed = true;
      this.#unfollow?.();
      this.#pause?.();
    });
    if (choice?.fixed) this.show(choice.fixed);
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

import type { Node } from 'node-red';
import type { Cancel, Clock } from '../../../src/core/clock.ts';
import type { StatusLine } from '../status.ts';
import type { ConfigReference, OpenNode } from './config-reference.ts';
import type { Follow } from './followers.ts';

/** If messages choose the config node, the status changes to another one at most once in this time, in ms. */
const PAUSE = 1_000;

/** Shows the state of a config node as the status of a flow node. If messages choose the config node, it is the last one used. */
export class ConfigStatus<T> {
  readonly #status: StatusLine;
  readonly #clock: Clock;
  readonly #follow: Follow<T>;
  readonly #isNamed: boolean;
  #shown: OpenNode<T> | undefined;
  #last: OpenNode<T> | undefined;
  #unfollow: (() => void) | undefined;
  #pause: Cancel | undefined;
  #isClosed = false;

  /**
   * @param reference a config node that is selected in the dialog is shown at once. If messages name it, the status begins with
   * its name. Undefined if the node is incomplete
   * @param follow shows the state of a connection and its changes, until the returned function is called
   */
  constructor(
    node: Node,
    status: StatusLine,
    clock: Clock,
    reference: ConfigReference<T> | undefined,
    follow: Follow<T>,
  ) {
    this.#status = status;
    this.#clock = clock;
    this.#isNamed = reference !== undefined && !reference.fixed;
    this.#follow = follow;
    node.on('close', () => {
      this.#isClosed = true;
      this.#unfollow?.();
      this.#pause?.();
    });
    if (reference?.fixed) this.show(reference.fixed);
  }

  /** A message got its token. This runs for every message, so it does next to nothing if nothing changes. */
  used(node: OpenNode<T>): void {
    this.#last = node;
    if (node === this.#shown || this.#pause || this.#isClosed) return;
    this.show(node);
    this.#pause = this.#clock.after(
      PAUSE,
      () => {
        this.#pause = undefined;
        if (this.#last && this.#last !== this.#shown) this.used(this.#last);
      },
      true,
    );
  }

  /** The status is about this config node from now on. Call it before the status shows a state of this config node. */
  show(node: OpenNode<T>): void {
    this.#last = node;
    if (node === this.#shown || this.#isClosed) return;
    this.#shown = node;
    this.#unfollow?.();
    this.#status.isPractice = node.isPractice;
    this.#status.flaws = node.flaws;
    this.#status.about = this.#isNamed ? (node.name ?? '') : '';
    this.#unfollow = this.#follow(node.connection);
  }

  /** The status is about the config node that was used last. */
  showLast(): void {
    if (this.#last) this.show(this.#last);
  }
}

import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { engineOf } from '../runtime.ts';
import type { StatusLine } from '../status.ts';
import type { ConfigChoice, OpenNode } from './config-choice.ts';
import { Opened } from './opened.ts';
import { ShownConfig } from './shown-config.ts';

/** A flow node's use of a config node: which one a message means, and what is shown of it. */
export class ConfigUser<T> extends Opened<ConfigChoice<T>> {
  /** What is shown of the config node that was used last. */
  readonly shown: ShownConfig<T>;

  /**
   * @param open reads the node's settings and opens its choice; what it throws is told by every message
   * @param follow as that of `ShownConfig`
   */
  constructor(
    RED: NodeAPI,
    node: Node,
    status: StatusLine,
    open: () => ConfigChoice<T>,
    follow: (connection: T) => () => void,
  ) {
    super(status, open);
    this.shown = new ShownConfig<T>(node, status, engineOf(RED).system, this.value, follow);
  }

  /** As `ConfigChoice.current`. @throws AuthError what kept the choice from being opened */
  current(msg: NodeMessage): OpenNode<T> | undefined {
    return this.get().current(msg);
  }

  /** As `ConfigChoice.of`. @throws AuthError also what kept the choice from being opened */
  async of(msg: NodeMessage): Promise<OpenNode<T>> {
    return this.get().of(msg);
  }
}

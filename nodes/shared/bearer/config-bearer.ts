import type { NodeMessage } from 'node-red';
import type { OpenChallenge } from '../../../src/visual-guard/outcome.ts';
import type { ConfigReference, OpenNode } from '../config/config-reference.ts';
import type { ConfigStatus } from '../config/config-status-follower.ts';
import type { Bearer } from './bearer.ts';
import type { BearerSource, BearerSources } from './bearer-source.ts';

/** Tokens of the config node that a flow node refers to. Each config node has a source of its own. */
export class ConfigBearer<T> implements BearerSources {
  readonly #reference: ConfigReference<T>;
  readonly #status: ConfigStatus<T>;
  readonly #open: (node: OpenNode<T>) => BearerSource;
  /** After a deploy a config node is another object, so its source is dropped with the old one. */
  readonly #sources = new WeakMap<OpenNode<T>, BearerSource>();
  #last: { node: OpenNode<T>; source: BearerSource } | undefined;

  /** @param open creates the source of a config node */
  constructor(reference: ConfigReference<T>, status: ConfigStatus<T>, open: (node: OpenNode<T>) => BearerSource) {
    this.#reference = reference;
    this.#status = status;
    this.#open = open;
  }

  current(msg: NodeMessage): Bearer | undefined {
    const node = this.#reference.current(msg);
    if (!node) return undefined;
    const bearer = this.#sourceOf(node).current(msg);
    if (bearer) this.#status.used(node);
    return bearer;
  }

  async resolve(msg: NodeMessage): Promise<BearerSource> {
    return this.#sourceOf(await this.#reference.resolve(msg));
  }

  showLast(): void {
    this.#status.showLast();
  }

  challenge(): OpenChallenge | undefined {
    return this.#last?.source.challenge?.();
  }

  #sourceOf(node: OpenNode<T>): BearerSource {
    if (this.#last?.node === node) return this.#last.source;
    let source = this.#sources.get(node);
    if (!source) {
      source = this.#withStatus(node, this.#open(node));
      this.#sources.set(node, source);
    }
    this.#last = { node, source };
    return source;
  }

  /** Makes the status show the config node of the message: other messages may have used others in the meantime. */
  #withStatus(node: OpenNode<T>, source: BearerSource): BearerSource {
    return {
      id: source.id,
      current: (msg) => source.current(msg),
      challenge: () => source.challenge?.(),
      awaited: async (msg, needed) => source.awaited?.(msg, needed),
      reject: (msg, generation) => this.#showing(node, source.reject(msg, generation)),
      seek: (msg) => {
        this.#status.show(node);
        return this.#showing(node, source.seek(msg));
      },
    };
  }

  #showing<R>(node: OpenNode<T>, result: Promise<R>): Promise<R> {
    return result.finally(() => this.#status.show(node));
  }
}

import type { NodeMessage } from 'node-red';
import type { ConfigChoice, OpenNode } from '../config/config-choice.ts';
import type { ShownConfig } from '../config/shown-config.ts';
import type { Bearer, BearerSource } from './bearer-source.ts';

/** Tokens of the config node whose name a message brings: each config node has a source of its own. */
export class NamedBearer<T> {
  readonly #choice: ConfigChoice<T>;
  readonly #shown: ShownConfig<T>;
  readonly #open: (node: OpenNode<T>) => BearerSource;
  /** A config node that a deploy made anew is another one, and the old one's source goes with it. */
  readonly #sources = new WeakMap<OpenNode<T>, BearerSource>();

  /** @param open makes the source of a config node */
  constructor(choice: ConfigChoice<T>, shown: ShownConfig<T>, open: (node: OpenNode<T>) => BearerSource) {
    this.#choice = choice;
    this.#shown = shown;
    this.#open = open;
  }

  /** As that of the source which the message means. */
  current(msg: NodeMessage): Bearer | undefined {
    const node = this.#choice.current(msg);
    if (!node) return undefined;
    const bearer = this.#sourceOf(node).current(msg);
    if (bearer) this.#shown.used(node);
    return bearer;
  }

  /** The source that the message means. @throws AuthError `AUTH_CONFIG` where it means none */
  async of(msg: NodeMessage): Promise<BearerSource> {
    return this.#sourceOf(await this.#choice.of(msg));
  }

  /** Something is to be shown of the config node that was used last. */
  showLast(): void {
    this.#shown.showLast();
  }

  #sourceOf(node: OpenNode<T>): BearerSource {
    let source = this.#sources.get(node);
    if (!source) {
      source = this.#shownSource(node, this.#open(node));
      this.#sources.set(node, source);
    }
    return source;
  }

  /** What becomes of a message is shown of the config node that it meant, whichever others were used meanwhile. */
  #shownSource(node: OpenNode<T>, source: BearerSource): BearerSource {
    return {
      id: source.id,
      current: (msg) => source.current(msg),
      reject: (msg, generation) => this.#showing(node, source.reject(msg, generation)),
      seek: (msg) => {
        this.#shown.show(node);
        return this.#showing(node, source.seek(msg));
      },
    };
  }

  #showing<R>(node: OpenNode<T>, answer: Promise<R>): Promise<R> {
    return answer.finally(() => this.#shown.show(node));
  }
}

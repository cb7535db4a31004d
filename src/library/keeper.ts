import type { MessageToken } from '../core/redaction.ts';
import { type Token, toMessageToken } from '../oauth/token.ts';
import type { TokenSource } from '../oauth/token-source.ts';
import type { TokenKeeper } from './types.ts';

/** The generation of each token that a program has, for `reject`. */
const generations = new WeakMap<MessageToken, number>();
/** The object that a program gets for each token: the same one each time. */
const published = new WeakMap<Token, MessageToken>();

/** A token as a program gets it. It prints as `[redacted]`. */
export function publish(token: Token): MessageToken {
  let known = published.get(token);
  if (!known) {
    known = toMessageToken(token);
    published.set(token, known);
    generations.set(known, token.generation);
  }
  return known;
}

/** A token source as a program uses it. */
export function keeperOf({ source }: { readonly source: TokenSource }): TokenKeeper {
  return {
    token: async () => {
      const { token, refused, failed } = await source.ask();
      if (failed) throw failed;
      return token ? { token: publish(token) } : { refused };
    },
    current: () => {
      const token = source.current();
      return token && publish(token);
    },
    reject: (token) => source.reject(generations.get(token) ?? 0),
  };
}

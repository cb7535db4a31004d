import { AuthError } from '../core/errors.ts';
import type { MessageToken } from '../core/redaction.ts';
import { type Token, toMessageToken } from '../oauth/token.ts';
import type { TokenSource } from '../oauth/token-source.ts';
import { objectOf } from './program-values.ts';
import type { TokenKeeper } from './types.ts';

/** The generation of each token that a program has, for `reject`. */
const generations = new WeakMap<MessageToken, number>();
/** The object that a program gets for each token: the same one each time. */
const published = new WeakMap<Token, MessageToken>();

/** A token as a program gets it: frozen, because all callers get the same object. It prints as `[redacted]`. */
export function publish(token: Token): MessageToken {
  let known = published.get(token);
  if (!known) {
    known = toMessageToken(token);
    Object.freeze(known.scope);
    Object.freeze(known);
    published.set(token, known);
    generations.set(known, token.generation);
  }
  return known;
}

/** A token source as a program uses it. @param isOpen whether the program has not closed it */
export function keeperOf({ source }: { readonly source: TokenSource }, isOpen = () => true): TokenKeeper {
  return {
    token: async () => {
      // A token that is kept is not used any more. The source says that it is closed.
      if (!isOpen()) source.clear();
      const { token, refused, failed } = await source.ask();
      if (failed) throw failed;
      return token ? { token: publish(token) } : { refused };
    },
    current: () => {
      const token = isOpen() ? source.current() : undefined;
      return token && publish(token);
    },
    reject: (token) => source.reject(generationOf(token, source.token)),
  };
}

/**
 * The generation of a token that a program rejects. It may be a copy, from a cache or another thread.
 *
 * @param kept the token that the source has
 * @returns 0 if it is another token than the one that is kept
 * @throws AuthError `AUTH_CONFIG` if it is no token
 */
function generationOf(rejected: MessageToken, kept: Token | undefined): number {
  const known = typeof rejected === 'object' && rejected !== null ? generations.get(rejected) : undefined;
  if (known !== undefined) return known;
  const { access_token: accessToken } = objectOf(rejected, 'token');
  if (typeof accessToken !== 'string') throw new AuthError('config-value-unknown', { property: 'access_token' });
  return kept?.accessToken === accessToken ? kept.generation : 0;
}

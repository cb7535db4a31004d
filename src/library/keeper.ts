import { type Token as EngineToken, toMessageToken } from '../oauth/token.ts';
import type { TokenResult, TokenSource } from '../oauth/token-source.ts';
import type { Token, TokenAnswer, TokenKeeper } from './types.ts';

/** The number of each token that a program was given, for `reject`. */
const generations = new WeakMap<Token, number>();
/** What a program was given for each token: the same object each time. */
const published = new WeakMap<EngineToken, Token>();

/** A token as a program gets it: it prints as `[redacted]`. */
export function publish(token: EngineToken): Token {
  let known = published.get(token);
  if (!known) {
    known = toMessageToken(token);
    published.set(token, known);
    generations.set(known, token.generation);
  }
  return known;
}

/** @throws AuthError where nothing that makes sense was had */
function tokenAnswerOf({ token, refused, failed }: TokenResult): TokenAnswer {
  if (failed) throw failed;
  return token ? { token: publish(token) } : { refused };
}

/** What keeps a token fresh, as a program sees it. */
export function keeperOf(of: { ask(): Promise<TokenResult>; readonly source: TokenSource }): TokenKeeper {
  return {
    token: async () => tokenAnswerOf(await of.ask()),
    current: () => {
      const token = of.source.current();
      return token && publish(token);
    },
    reject: (token) => of.source.reject(generations.get(token) ?? 0),
  };
}

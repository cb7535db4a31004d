import { libraryEngine } from './open.ts';

/** The practice server of this process, for programs without an account. Its tokens, codes and links protect nothing. */
export interface Practice {
  /**
   * Starts it, if it is not running. Besides the token endpoints it has an API that needs a bearer token, at `/api/…`.
   *
   * @returns its address, as `http://127.0.0.1:PORT`
   */
  address(): Promise<string>;
  /** The newest code or link of a practice user, which a person would read on a phone. */
  inboxOf(user: string): { kind: 'code' | 'link'; text: string } | undefined;
  /** Clicks the newest link of a practice user. @returns whether there was one, or one came within 10 s */
  click(user: string): Promise<boolean>;
}

/** The practice server. It runs as long as an account or server that was made with `practice` is open. */
export const practice: Practice = {
  address: () => libraryEngine().practice.start(),
  inboxOf: (user) => {
    const delivery = libraryEngine().practice.visualGuard.inboxOf(user);
    return delivery && { kind: delivery.kind, text: delivery.text };
  },
  click: (user) => libraryEngine().practice.visualGuard.click(user),
};

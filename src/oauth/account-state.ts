import type { Clock } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import type { Reason } from '../core/reasons.ts';
import type { OAuthError } from './oauth-error.ts';
import type { Token } from './token.ts';
import type { SourceState } from './token-source.ts';

/**
 * The state of an account, or of the stored user of a server.
 * - `unused`: there is no valid token, and the last request did not fail.
 * - `valid`: there is a valid token. Without `token`: another user's session is open.
 * - `refused`: the server refused the sign-in.
 * - `needs-human`: a human has to answer a challenge, or to begin a sign-in.
 * - `failing`: there is no valid token, and the last request got no answer that can be used.
 */
export type AccountState =
  /** `isAnswered`: the server has given an answer that can be used. */
  | { readonly at: 'unused'; readonly isAnswered?: true }
  | { readonly at: 'renewing' }
  | { readonly at: 'valid'; readonly token?: Token }
  | ({ readonly at: 'refused'; readonly retryAt?: number | undefined } & Readonly<OAuthError>)
  | { readonly at: 'needs-human'; readonly reason?: Reason | undefined; readonly retryAt?: number | undefined }
  | { readonly at: 'failing'; readonly error: AuthError };

/** A state in which no message gets a token until somebody or something helps. */
export type Trouble = Extract<AccountState, { at: 'refused' | 'needs-human' | 'failing' }>;

/** A change that operators need to know, once for each change. */
export type AccountNews = { readonly event: 'trouble'; readonly trouble: Trouble } | { readonly event: 'recovered' };

/**
 * The state of one account over time. A renewal that is under way does not end the trouble, so an account that is refused every 30 s
 * is refused once.
 */
export class AccountStates {
  /** Called when the state becomes another one, or a newer token is valid. */
  readonly changes = new Listeners<AccountState>();
  /** Called when trouble begins, changes its kind, or is over. Its listeners run before those of `changes`. */
  readonly news = new Listeners<AccountNews>();
  readonly #clock: Clock;
  #state: AccountState = { at: 'unused' };
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** The state now. A token that has expired while nobody asked leaves the account unused. */
  get state(): AccountState {
    const state = this.#state;
    const isOver = state.at === 'valid' && state.token !== undefined && state.token.expiresAt <= this.#clock.now();
    return isOver ? { at: 'unused' } : state;
  }

  /** When the state began, in ms since 1970. */
  get since(): number {
    const state = this.#state;
    const expiresAt = state.at === 'valid' ? state.token?.expiresAt : undefined;
    return expiresAt !== undefined && expiresAt <= this.#clock.now() ? expiresAt : this.#since;
  }

  /** The trouble that is not over. */
  get trouble(): Trouble | undefined {
    return isTrouble(this.#state) ? this.#state : undefined;
  }

  /** Takes over a new state. The same state again changes nothing but its details. */
  become(state: AccountState): void {
    // A renewal is no recovery yet, and a config node that was removed has no state.
    if (this.trouble && state.at === 'renewing') return;
    if (state.at === 'failing' && state.error.fault === 'connection-closed') return;
    const before = this.#state;
    if (state.at !== before.at) this.#since = this.#clock.now();
    this.#state = state;
    const news = newsOf(before, state);
    if (news) this.news.tell(news);
    if (news || state.at !== before.at || tokenOf(state) !== tokenOf(before)) this.changes.tell(state);
  }
}

/** The event for operators about a change. */
function newsOf(before: AccountState, state: AccountState): AccountNews | undefined {
  if (isTrouble(state)) {
    const isKnown = isTrouble(before) && isSameTrouble(before, state);
    return isKnown ? undefined : { event: 'trouble', trouble: state };
  }
  const isOver = state.at === 'valid' || (state.at === 'unused' && state.isAnswered);
  return isTrouble(before) && isOver ? { event: 'recovered' } : undefined;
}

/** The state of an account after a result of its token source. */
export function accountStateOf(source: SourceState): AccountState {
  switch (source.at) {
    case 'idle':
      return { at: 'unused' };
    case 'failed':
      return { at: 'failing', error: source.error };
    default:
      return source;
  }
}

function tokenOf(state: AccountState): Token | undefined {
  return state.at === 'valid' ? state.token : undefined;
}

function isTrouble(state: AccountState): state is Trouble {
  return state.at === 'refused' || state.at === 'needs-human' || state.at === 'failing';
}

/** Failures come and go with different codes, so all of them are one trouble. A held-back sign-in repeats an earlier refusal. */
function isSameTrouble(before: Trouble, after: Trouble): boolean {
  if (after.at !== before.at) return false;
  return (
    after.at !== 'refused' || before.at !== 'refused' || after.reason === before.reason || after.reason === 'held-back'
  );
}

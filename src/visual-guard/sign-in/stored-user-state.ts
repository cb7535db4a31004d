import type { AccountState } from '../../oauth/account-state.ts';
import type { Outcome } from '../outcome.ts';
import type { AutomaticAnswer } from './automatic-sign-in.ts';

/** The state of the stored user after a sign-in, or a step of one. */
export function stateAfter(outcome: Outcome): AccountState {
  if (outcome.state === 'signed-in') return { at: 'valid', token: outcome.token };
  const { reason, retryAt } = outcome;
  if (outcome.state !== 'refused') return { at: 'needs-human', reason, retryAt };
  const { error, errorDescription } = outcome;
  return {
    at: 'refused',
    reason: outcome.reason,
    retryAt,
    ...(error ? { error } : {}),
    ...(errorDescription ? { errorDescription } : {}),
  };
}

/** The state of the stored user after `attach-bearer` asked for a token. */
export function stateAfterAnswer({ token, outcome, needed }: AutomaticAnswer): AccountState {
  if (token) return { at: 'valid', token };
  return outcome ? stateAfter(outcome) : { at: 'needs-human', ...needed };
}

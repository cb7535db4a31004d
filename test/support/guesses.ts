import type { OpenChallenge } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { ANNA, isChallenged } from './visual-guard.ts';

/** A challenge with a chosen authenticator app. */
export async function open(server: VisualGuardServer, user = 'anna'): Promise<OpenChallenge> {
  const outcome = await server.signIn({ ...ANNA, user }, { method: 'otp-app', reset: false });
  return isChallenged(outcome, 'code-required').challenge;
}

/** Submits this many wrong codes, with at most four for each challenge. */
export async function guess(server: VisualGuardServer, count: number, user = 'anna'): Promise<void> {
  let at: OpenChallenge | undefined;
  for (let guessed = 0; guessed < count; guessed += 1) {
    if (guessed % 4 === 0) at = await open(server, user);
    isChallenged(await at?.submit('1'), 'code-required', 'code-invalid');
  }
}

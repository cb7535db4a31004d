import type { ServerContext } from '../context.ts';
import { saysWrongPassword } from '../dialect/reply.ts';
import type { Grant, VisualGuardResult } from '../dialect/wire.ts';
import { type Outcome, refusedAndTold } from '../outcome.ts';

/** A code that is about to be sent. */
interface CodeStep {
  /** What keeps it from being sent. It may have waited for the code of another challenge. */
  stop(): Outcome | undefined;
  send(): Promise<VisualGuardResult>;
}

/**
 * Sends a code, one at a time for each user, unless too many codes of the user were refused.
 *
 * @returns what the server said of it, or why it was not sent
 */
export function tryCode(
  { wrongCodes, metrics }: Pick<ServerContext, 'wrongCodes' | 'metrics'>,
  user: string,
  step: CodeStep,
): Promise<VisualGuardResult | Outcome> {
  return wrongCodes.inTurn(user, async ({ heldUntil, refused, forget }): Promise<VisualGuardResult | Outcome> => {
    const stopped = step.stop();
    if (stopped) return stopped;
    if (heldUntil !== undefined)
      return { ...refusedAndTold(metrics, { reason: 'held-back' }, user), retryAt: heldUntil };
    const heard = await step.send();
    if (heard.grant) forget();
    else if (refusesCode(heard)) refused();
    return heard;
  });
}

/** Whether the server refused the code. Some servers say only that the credentials are wrong, and mean the code. */
function refusesCode({ refusal, reading }: Exclude<VisualGuardResult, { grant: Grant }>): boolean {
  if (refusal) return refusal.reason === 'credentials-invalid';
  return reading.reasons.includes('code-invalid') || saysWrongPassword(reading);
}

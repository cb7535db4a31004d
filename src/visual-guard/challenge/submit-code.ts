import type { ServerContext } from '../context.ts';
import { saysWrongPassword } from '../dialect/reply.ts';
import type { Grant, VisualGuardResult } from '../dialect/wire.ts';
import { type Outcome, reportRefusal } from '../outcome.ts';

/** A code to send. */
interface CodeToSend {
  /** Whether no code was sent to the user, although the server could send one. */
  isUnsent: boolean;
  /** @returns why it may not be sent, after it has waited for the codes of other challenges; undefined if it may */
  check(): Outcome | undefined;
  send(): Promise<VisualGuardResult>;
}

/**
 * Sends a code, unless too many codes of the user were refused. Codes of one user are sent one after another.
 *
 * @returns the server's result, or why the code was not sent
 */
export function submitCode(
  { wrongCodes, metrics }: Pick<ServerContext, 'wrongCodes' | 'metrics'>,
  user: string,
  code: CodeToSend,
): Promise<VisualGuardResult | Outcome> {
  return wrongCodes.exclusive(user, code.isUnsent, async (attempt): Promise<VisualGuardResult | Outcome> => {
    const problem = code.check();
    if (problem) return problem;
    const { heldUntil } = attempt;
    if (heldUntil !== undefined)
      return { ...reportRefusal(metrics, { reason: 'held-back' }, user), retryAt: heldUntil };
    const result = await code.send();
    if (result.grant) attempt.succeeded();
    else if (refusesCode(result)) attempt.refused();
    return result;
  });
}

/** Whether the server refused the code. Some servers report wrong credentials for a wrong code. */
function refusesCode({ refusal, reading: response }: Exclude<VisualGuardResult, { grant: Grant }>): boolean {
  if (refusal) return refusal.reason === 'credentials-invalid';
  return response.reasons.includes('code-invalid') || saysWrongPassword(response);
}

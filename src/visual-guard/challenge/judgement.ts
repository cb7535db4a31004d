import type { Reason } from '../../core/reasons.ts';
import type { Method } from '../dialect/methods.ts';
import { requestIdOf, type VisualGuardResponse } from '../dialect/reply.ts';
import type { ChallengeContent } from './content.ts';

/** So many codes may be wrong before the person has to start again. */
const MOST_ATTEMPTS = 5;

/** What a reply makes of a challenge: where it stands now, or why it is over. */
export type StepResult =
  | { at: ChallengeContent; reason?: Reason; ends?: never }
  | { ends: Reason; at?: never; reason?: never };

/** What a reply to a step means that signs nobody in. A wrong code is judged by `judgeWrongCode`. */
export function judge(reading: VisualGuardResponse, at: ChallengeContent, method: Method): StepResult {
  const { blocking } = reading;
  if (blocking.includes('mfa-delivery-failed') && blocking.length === 1)
    return { at: { ...at, state: 'mfa-required', method: undefined }, reason: 'mfa-delivery-failed' };
  if (blocking.length > 0) return over(reading);
  if (reading.challenged && !isSameRequest(reading, at)) return beginAnew(reading, at);
  if (!reading.challenged && !reading.waiting) return over(reading);
  return { at: { ...at, state: method.kind === 'link' ? 'link-sent' : 'code-required', method } };
}

/** What becomes of a challenge after a wrong code: the person may try again, unless the server or our bound says no. */
export function judgeWrongCode(
  reading: VisualGuardResponse,
  before: ChallengeContent,
  method: Method,
  now: number,
): StepResult {
  const at = { ...before, attempts: before.attempts + 1 };
  const { blocking, reasons } = reading;
  const isKept = blocking.every((reason) => reason === 'code-invalid') && reasons[0] === 'code-invalid';
  if (!isKept || at.attempts >= MOST_ATTEMPTS || now >= at.expiresAt) return { ends: reasons[0] ?? 'code-invalid' };
  const reason = 'code-invalid';
  if (!reading.challenged || isSameRequest(reading, at))
    return { at: { ...at, state: 'code-required', method }, reason };
  const anew = beginAnew(reading, at);
  return anew.at ? { at: anew.at, reason } : anew;
}

/** The server began anew with another request id: its ways are offered, once. Nothing is chosen by itself, so there is no loop. */
function beginAnew(reading: VisualGuardResponse, at: ChallengeContent): StepResult {
  if (at.hasBegunAnew || reading.methods.length === 0) return over(reading);
  const { methods } = reading;
  const requestId = requestIdOf(reading);
  return { at: { ...at, hasBegunAnew: true, requestId, methods, state: 'mfa-required', method: undefined } };
}

function over(reading: VisualGuardResponse): StepResult {
  return { ends: reading.reasons[0] ?? 'unknown' };
}

function isSameRequest(reading: VisualGuardResponse, at: ChallengeContent): boolean {
  const requestId = requestIdOf(reading);
  return requestId === '' || requestId === at.requestId;
}

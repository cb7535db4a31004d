import type { Reason } from '../../core/reasons.ts';
import type { Method } from '../dialect/methods.ts';
import { requestIdOf, type VisualGuardResponse } from '../dialect/reply.ts';
import type { ChallengeContent } from './content.ts';

/** After so many wrong codes the person has to sign in again. */
const MOST_ATTEMPTS = 5;

/** The result of a response for a challenge: its new content, or the reason why it has ended. */
export type StepResult =
  | { content: ChallengeContent; reason?: Reason; ended?: never }
  | { ended: Reason; content?: never; reason?: never };

/** The result of a response that signs nobody in. `resultOfWrongCode` is for a wrong code. */
export function resultOfStep(response: VisualGuardResponse, content: ChallengeContent, method: Method): StepResult {
  const { blocking } = response;
  if (blocking.includes('mfa-delivery-failed') && blocking.length === 1)
    return {
      content: { ...content, state: 'mfa-required', method: undefined, sent: false },
      reason: 'mfa-delivery-failed',
    };
  if (blocking.length > 0) return end(response);
  if (response.challenged && !isSameRequest(response, content)) return restart(response, content);
  if (!response.challenged && !response.waiting) return end(response);
  return { content: { ...content, state: method.kind === 'link' ? 'link-sent' : 'code-required', method } };
}

/** The result of a wrong code: the person may try again, unless the server or the limit of attempts ends the challenge. */
export function resultOfWrongCode(
  response: VisualGuardResponse,
  before: ChallengeContent,
  method: Method,
  now: number,
): StepResult {
  const content = { ...before, attempts: before.attempts + 1 };
  const { blocking, reasons } = response;
  const isOpen = blocking.every((reason) => reason === 'code-invalid') && reasons[0] === 'code-invalid';
  if (!isOpen || content.attempts >= MOST_ATTEMPTS || now >= content.expiresAt)
    return { ended: reasons[0] ?? 'code-invalid' };
  const reason = 'code-invalid';
  if (!response.challenged || isSameRequest(response, content))
    return { content: { ...content, state: 'code-required', method }, reason };
  const restarted = restart(response, content);
  return restarted.content ? { content: restarted.content, reason } : restarted;
}

/**
 * The server has started again with another request id, and offers methods. It may do so once, and no method is chosen
 * automatically: both keep a server from causing an endless loop.
 */
function restart(response: VisualGuardResponse, content: ChallengeContent): StepResult {
  if (content.hasRestarted || response.methods.length === 0) return end(response);
  const { methods } = response;
  const requestId = requestIdOf(response);
  return {
    content: {
      ...content,
      hasRestarted: true,
      requestId,
      methods,
      state: 'mfa-required',
      method: undefined,
      sent: false,
    },
  };
}

function end(response: VisualGuardResponse): StepResult {
  return { ended: response.reasons[0] ?? 'unknown' };
}

function isSameRequest(response: VisualGuardResponse, content: ChallengeContent): boolean {
  const requestId = requestIdOf(response);
  return requestId === '' || requestId === content.requestId;
}

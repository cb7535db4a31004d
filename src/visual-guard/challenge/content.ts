import { randomId } from '../../core/clock.ts';
import { isDelivered, type Method } from '../dialect/methods.ts';
import { requestIdOf, type VisualGuardResponse } from '../dialect/reply.ts';

/** How long a challenge is open, in ms: the longest time that Visual Guard allows for a code. */
export const CHALLENGE_LIFE = 300_000;

/** What an open challenge waits for: a choice of method, a code, or a click on a link. */
export const CHALLENGE_STATES = ['mfa-required', 'code-required', 'link-sent'] as const;

/** The content of a challenge without the password. */
export interface ChallengeContent {
  readonly user: string;
  /** Whether it belongs to the stored user of the config node. */
  readonly stored: boolean;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly state: (typeof CHALLENGE_STATES)[number];
  /** The chosen method. */
  readonly method: Method | undefined;
  readonly methods: readonly Method[];
  /** Whether a method was ever chosen, even if nothing could be sent. */
  readonly hasChosen: boolean;
  /** Whether the server has sent a code or link, or may have sent it. */
  readonly sent: boolean;
  /** How many codes were refused. */
  readonly attempts: number;
  /** The server's id of the challenge. */
  readonly requestId: string;
  /** Whether the server has started again with another request id. It may do so once. */
  readonly hasRestarted: boolean;
}

/** The content of the challenge in the response to a login. @param about `now`: ms since 1970 */
export function contentOfResponse(
  response: VisualGuardResponse,
  about: { user: string; stored: boolean; now: number },
): ChallengeContent {
  const content: ChallengeContent = {
    user: about.user,
    stored: about.stored,
    expiresAt: about.now + CHALLENGE_LIFE,
    state: 'mfa-required',
    method: undefined,
    methods: response.methods,
    hasChosen: false,
    sent: false,
    attempts: 0,
    requestId: requestIdOf(response),
    hasRestarted: false,
  };
  return !response.challenged && response.waiting ? withMethodOfServer(content, response) : content;
}

/** Whether no code was sent, although the server could send one. Then no code can be right, except one of an authenticator app. */
export function isCodeUnsent({ sent, methods }: ChallengeContent): boolean {
  return !sent && methods.some((method) => method.kind !== 'link' && isDelivered(method));
}

/**
 * The value of a challenge to its user, if one of theirs has to be evicted: 2 if a code or link was sent, 1 if the
 * authenticator app is chosen, else 0. Somebody else can begin any number of sign-ins, but the server sends one code or
 * link to a user in 30 s.
 */
export function priorityOf({ sent, method }: ChallengeContent): number {
  if (sent) return 2;
  return method && !isDelivered(method) ? 1 : 0;
}

/** Some servers send a code without asking for a method: only the code is missing. */
function withMethodOfServer(content: ChallengeContent, response: VisualGuardResponse): ChallengeContent {
  const method: Method = response.methods[0] ?? {
    id: randomId(),
    kind: 'code',
    transport: 'other',
    destination: '',
    label: '',
    requestId: response.requestId,
    availableId: '',
  };
  const methods = response.methods.length === 0 ? [method] : response.methods;
  return { ...content, method, methods, sent: true, state: method.kind === 'link' ? 'link-sent' : 'code-required' };
}

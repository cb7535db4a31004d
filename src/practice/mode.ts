import { type PracticeReply, refuse } from './reply.ts';

/** What the practice server does at the moment: as usual, down (503), overloaded (429), or it refuses every client. */
export const PRACTICE_MODES = ['normal', 'outage', 'busy', 'refuse'] as const;

export type PracticeMode = (typeof PRACTICE_MODES)[number];

/** Whether this is the name of a mode. */
export function isPracticeMode(name: string): name is PracticeMode {
  return PRACTICE_MODES.some((mode) => mode === name);
}

/** The response of a server that is down, to any request. */
export const OUTAGE: PracticeReply = { status: 503, body: '<html>Service unavailable</html>' };

/** The response of an overloaded server. It asks for a pause of 60 s. */
export const BUSY: PracticeReply = {
  status: 429,
  headers: { 'retry-after': '60' },
  body: '<html>Too many requests</html>',
};

/** The reply to any request to the identity server in this mode. Undefined if the request is answered as usual. */
export function replyIn(mode: PracticeMode): PracticeReply | undefined {
  if (mode === 'outage') return OUTAGE;
  if (mode === 'busy') return BUSY;
  return mode === 'refuse' ? refuse(401, 'invalid_client', 'This mode refuses every client') : undefined;
}

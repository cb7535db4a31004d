import type { NodeMessage } from 'node-red';
import { withoutHiddenHeader } from './request-headers.ts';

/**
 * The mark on a message that left `attach-bearer`. It is an enumerable symbol key, so it survives `http request`, Switch,
 * Delay, Link call and Node-RED's cloning, and is neither in JSON nor in the debug sidebar.
 */
const MARK = Symbol('vg-auth attempt');

/** The last step of a message: sent; sent again with a newer token; left for a sign-in; sent once more after it. */
export type AttemptStep = 'sent' | 'sent-again' | 'sign-in' | 'sent-after-sign-in';

/** The data of the mark. */
export interface Attempt {
  /** The id of the node that set it. */
  readonly node: string;
  /** The last step of the message at that node. */
  readonly at: AttemptStep;
  /** How many times the message was sent since it last came without a rejection, by all `attach-bearer` nodes together. */
  readonly sends: number;
  /** The generation of the token that it was sent with; 0 for a token from the message. */
  readonly generation: number;
  /** Gives a message the payload, headers, method and url that it came with. */
  readonly restore: (msg: NodeMessage) => void;
}

type Marked = NodeMessage & { [MARK]?: Attempt };

/** The mark of a message, set by any `attach-bearer` node. */
export function attemptOf(msg: NodeMessage): Attempt | undefined {
  return (msg as Marked)[MARK];
}

/** Marks a message. */
export function mark(msg: NodeMessage, attempt: Attempt): void {
  (msg as Marked)[MARK] = attempt;
}

/**
 * Remembers the values that `http request` replaces. The result closes over these four values and not over the message: a message
 * can hold a whole HTTP request, and the mark is kept as long as the message is.
 */
export function remember(msg: NodeMessage): (msg: NodeMessage) => void {
  const { payload, headers, method, url } = msg;
  const hadPayload = 'payload' in msg;
  const hadHeaders = 'headers' in msg;
  const hadMethod = 'method' in msg;
  const hadUrl = 'url' in msg;
  return (returned) => {
    restore(returned, 'payload', hadPayload, payload);
    restore(returned, 'headers', hadHeaders, withoutHiddenHeader(headers));
    restore(returned, 'method', hadMethod, method);
    restore(returned, 'url', hadUrl, url);
  };
}

function restore(msg: NodeMessage, name: string, had: boolean, value: unknown): void {
  if (had) msg[name] = value;
  else delete msg[name];
}

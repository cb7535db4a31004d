import type { NodeMessage } from 'node-red';
import { withoutHiddenHeader } from './request-headers.ts';

/**
 * The mark on a message that left `attach-bearer`. It is an enumerable symbol key, so it survives `http request`, Switch, Delay,
 * Link call and Node-RED's cloning, and shows up neither in JSON nor in the debug sidebar.
 */
const MARK = Symbol('vg-auth attempt');

/** Where a message stands: sent; sent again with a newer token; left for a sign-in; sent once more after it. */
export type AttemptStep = 'sent' | 'sent-again' | 'sign-in' | 'sent-after-sign-in';

/** What the mark knows. */
export interface Attempt {
  /** The id of the node that set it. */
  readonly node: string;
  /** How far the message has come with its 401s. */
  readonly at: AttemptStep;
  /** The token that it left with; 0 for a token from the message. */
  readonly generation: number;
  /** Gives a message what it had when it came in: payload, headers, method and url. */
  readonly restore: (msg: NodeMessage) => void;
}

type Marked = NodeMessage & { [MARK]?: Attempt };

/** The mark that this node set, if the message has one. */
export function attemptOf(msg: NodeMessage, node: string): Attempt | undefined {
  const attempt = (msg as Marked)[MARK];
  return attempt?.node === node ? attempt : undefined;
}

/** Marks a message. */
export function mark(msg: NodeMessage, attempt: Attempt): void {
  (msg as Marked)[MARK] = attempt;
}

/**
 * Remembers what `http request` replaces. It closes over these four values and never over the message:
 * a message may hold a whole HTTP request, and lives on in whatever it is wired to.
 */
export function remember(msg: NodeMessage): (msg: NodeMessage) => void {
  const { payload, headers, method, url } = msg;
  const hadPayload = 'payload' in msg;
  const hadHeaders = 'headers' in msg;
  const hadMethod = 'method' in msg;
  const hadUrl = 'url' in msg;
  return (back) => {
    giveBack(back, 'payload', hadPayload, payload);
    giveBack(back, 'headers', hadHeaders, withoutHiddenHeader(headers));
    giveBack(back, 'method', hadMethod, method);
    giveBack(back, 'url', hadUrl, url);
  };
}

function giveBack(msg: NodeMessage, name: string, had: boolean, value: unknown): void {
  if (had) msg[name] = value;
  else delete msg[name];
}

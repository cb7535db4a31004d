import type { NodeAPI } from 'node-red';
import type { AuthEvent, Metrics } from '../../src/oauth/metrics.ts';
import type { ConnectionNode } from './config/connection-node.ts';

/** The published types know a text alone. */
type Audit = (line: object, request?: object) => void;

/** A line of Node-RED's audit log. */
export interface AuditLine {
  event: `vg-auth.${AuthEvent['what']}`;
  /** The config node; for an answer to a challenge that nobody knows, the flow node. */
  id: string;
  type: string;
  name?: string;
  user?: string;
  reason?: string;
  revoked?: string[];
}

/** The most of a text that came from outside, in characters. */
const LONGEST = 200;

/**
 * A text that may stand in a line of a log, whoever wrote it: what could begin another line, or change how this one reads,
 * is written as its code.
 */
export function harmless(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
}

/** Writes a line, where `audit` is on in the `logging` of settings.js. */
export function writeAudit(RED: NodeAPI, line: AuditLine): void {
  const { name, user, ...rest } = line;
  const whole = { ...rest, ...(name ? { name: harmless(name) } : {}), ...(user ? { user: harmless(user) } : {}) };
  (RED.log.audit as unknown as Audit)(whole);
}

/**
 * Writes that somebody pressed Test in a dialog, and what came of it. Node-RED adds who that was, and the path.
 *
 * @param said the answer for the dialog; one that asked about variables alone has tested nothing
 */
export function auditTest(RED: NodeAPI, request: object, said: object): void {
  const { state, person } = said as { state?: string; person?: { state?: string } };
  if (state) (RED.log.audit as unknown as Audit)({ event: 'vg-auth.test', result: person?.state ?? state }, request);
}

/** A config node as a line names it. */
interface Named {
  id: string;
  type: string;
  name?: string;
  isClosed?: true;
}

/** The config nodes of each connection: those of the same content share one, and an event is one line all the same. */
const nodesOf = new WeakMap<Metrics, Named[]>();

/** Writes a line for every event of a connection, also of one that comes while its config node is being made anew. */
export function auditConnection(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics): void {
  const { id, type, name } = node;
  const own: Named = { id, type, ...(name ? { name } : {}) };
  node.on('close', () => {
    own.isClosed = true;
  });
  const known = nodesOf.get(metrics);
  // Until another one opens, those that a deploy has closed stay, so that there is always one to name.
  nodesOf.set(metrics, [...(known ?? []).filter(({ isClosed }) => !isClosed), own]);
  if (!known) metrics.events.add((event) => writeEvent(RED, nodesOf.get(metrics)?.[0] ?? own, event));
}

function writeEvent(RED: NodeAPI, { id, type, name }: Named, { what, user, reason, revoked }: AuthEvent): void {
  writeAudit(RED, {
    event: `vg-auth.${what}`,
    id,
    type,
    ...(name ? { name } : {}),
    ...(user ? { user } : {}),
    ...(reason ? { reason } : {}),
    ...(revoked ? { revoked: [...revoked] } : {}),
  });
}

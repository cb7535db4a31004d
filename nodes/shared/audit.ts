import type { NodeAPI } from 'node-red';
import type { AuthEvent, Metrics } from '../../src/oauth/metrics.ts';
import type { ChangeEvent } from './changes/status-event.ts';
import type { ConnectionNode } from './config/connection-node.ts';
import { eventLogOf } from './sign-ins/event-log.ts';

/** In the published types, `audit` accepts a text only. */
type Audit = (line: object, request?: object) => void;

/** A line of Node-RED's audit log. */
export interface AuditLine {
  event: `vg-auth.${AuthEvent['what']}` | ChangeEvent;
  /** The id of the config node. If no config node has the challenge of an answer, the id of the flow node. */
  id: string;
  type: string;
  name?: string;
  user?: string;
  reason?: string;
  code?: string;
  revoked?: string[];
}

/** A longer text from outside is cut, in characters. */
const MAX_LENGTH = 200;

/**
 * Makes a text from outside safe for a line of a log: characters that could begin another line, or change the order in
 * which this one is read, are replaced by their code.
 */
export function harmless(text: string): string {
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
}

/** Writes a line to the audit log. Node-RED drops it if `audit` is off in the `logging` of settings.js. */
export function writeAudit(RED: NodeAPI, line: AuditLine): void {
  const { name, user, ...rest } = line;
  const whole = { ...rest, ...(name ? { name: harmless(name) } : {}), ...(user ? { user: harmless(user) } : {}) };
  (RED.log.audit as unknown as Audit)(whole);
  const { event, id, reason } = whole;
  const who = whole.user ? { user: whole.user } : {};
  eventLogOf(RED).add({ event, account: { id, name: whole.name ?? '' }, ...who, ...(reason ? { reason } : {}) });
}

/**
 * Writes a line for a Test in a dialog, with its result. Node-RED adds the editor's user and the path.
 *
 * @param answer the answer for the dialog. Without `state`, the dialog asked about variables only, and nothing was tested
 */
export function auditTest(RED: NodeAPI, request: object, answer: object): void {
  const { state, person } = answer as { state?: string; person?: { state?: string } };
  if (state) (RED.log.audit as unknown as Audit)({ event: 'vg-auth.test', result: person?.state ?? state }, request);
}

/** A config node, as in a line. */
interface Named {
  id: string;
  type: string;
  name?: string;
  isClosed?: true;
}

/** The config nodes of each connection. Those of equal content share one, and an event is still one line. */
const nodesOf = new WeakMap<Metrics, Named[]>();

/** Writes a line for every event of a connection, also while a deploy replaces its config node. */
export function auditConnection(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics): void {
  const { id, type, name } = node;
  const own: Named = { id, type, ...(name ? { name } : {}) };
  node.on('close', () => {
    own.isClosed = true;
  });
  const known = nodesOf.get(metrics);
  // Closed config nodes stay until another one opens, because each line needs the name of one.
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

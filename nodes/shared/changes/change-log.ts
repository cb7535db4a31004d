import type { NodeAPI } from 'node-red';
import type { Cancel } from '../../../src/core/clock.ts';
import { type AuditLine, writeAudit } from '../audit.ts';
import { textOf } from '../catalogue.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { engineOf } from '../runtime.ts';
import type { StatusLine } from '../status.ts';
import { durationText } from './duration.ts';
import type { StatusEvent } from './status-event.ts';

/** While trouble lasts, one more warning is written in this time, in ms. */
const REMINDER = 3_600_000;

/** The parts of a change except the time and the config node. */
export type Change = Pick<StatusEvent, 'event' | 'user' | 'reason' | 'code'>;

/** A config node that holds a connection, with its status. */
interface Holder {
  node: ConnectionNode<unknown>;
  status: StatusLine;
  isClosed: boolean;
}

/** The log of each connection. Config nodes of equal content share a connection, and so its log. */
const logs = new WeakMap<object, ChangeLog>();

/**
 * Reports the changes of a connection, each once: one line in the log, one audit event, and one status with the event.
 * The first config node of the connection reports them. While trouble lasts, one more warning is written for each hour.
 */
export class ChangeLog {
  readonly #RED: NodeAPI;
  #holders: Holder[] = [];
  #trouble: { line: () => string; since: number } | undefined;
  #reminder: Cancel | undefined;

  /**
   * The log of a connection, which one more config node holds from now on.
   *
   * @param connection the object that all config nodes of equal content share
   * @param begin is called for the first config node, and subscribes to the changes
   */
  static hold(
    RED: NodeAPI,
    connection: object,
    { node, status }: { node: ConnectionNode<unknown>; status: StatusLine },
    begin: (log: ChangeLog) => void,
  ): void {
    const known = logs.get(connection);
    const log = known ?? new ChangeLog(RED);
    logs.set(connection, log);
    log.#add({ node, status, isClosed: false });
    if (!known) begin(log);
  }

  private constructor(RED: NodeAPI) {
    this.#RED = RED;
  }

  /** Trouble begins, or becomes another one. @param line the text for the log, also later if the trouble lasts */
  trouble(change: Change, line: () => string): void {
    const now = engineOf(this.#RED).clock.now();
    this.#trouble = { line, since: this.#trouble?.since ?? now };
    this.#report(change);
    this.#first?.node.warn(line());
    this.#remind();
  }

  /** The trouble is over, and operators need to know. @param line the text for the log, with the duration */
  recovered(change: Change, line: (lasted: string) => string): void {
    const now = engineOf(this.#RED).clock.now();
    const lasted = durationText(this.#RED, now - (this.#trouble?.since ?? now));
    this.end();
    this.#report(change);
    this.#first?.node.log(line(lasted));
  }

  /** The trouble is over, and operators need not know. */
  end(): void {
    this.#trouble = undefined;
    this.#reminder?.();
    this.#reminder = undefined;
  }

  /** A text of the catalog. */
  text(key: string, values: Record<string, string> = {}): string {
    return textOf(this.#RED, key, values);
  }

  #add(holder: Holder): void {
    holder.node.on('close', () => {
      holder.isClosed = true;
    });
    // Nodes that a deploy has closed stay until another one opens, so that there is always a node to name.
    this.#holders = [...this.#holders.filter(({ isClosed }) => !isClosed), holder];
  }

  get #first(): Holder | undefined {
    return this.#holders[0];
  }

  #report(change: Change): void {
    if (!this.#first) return;
    const { node, status } = this.#first;
    const { id, type, name = '' } = node;
    // A refusal has an audit event of its own, for each request.
    if (change.event !== 'vg-auth.refused')
      writeAudit(this.#RED, { id, type, ...(name ? { name } : {}), ...change } as AuditLine);
    status.report({ at: engineOf(this.#RED).clock.now(), account: { id, name }, ...change });
  }

  #remind(): void {
    this.#reminder?.();
    this.#reminder = engineOf(this.#RED).clock.after(REMINDER, () => this.#repeat(), true);
  }

  #repeat(): void {
    // Without a config node nobody uses the connection.
    if (!this.#trouble || !this.#first || this.#first.isClosed) return;
    const { line, since } = this.#trouble;
    const time = durationText(this.#RED, engineOf(this.#RED).clock.now() - since);
    this.#first.node.warn(this.text('log.still', { time, line: line() }));
    this.#remind();
  }
}

import type { NodeAPI } from 'node-red';
import type { Meter } from '../../src/meter.ts';
import type { Cancel } from '../../src/system.ts';
import { auditConnection } from './audit.ts';
import { CATALOGUE } from './catalogue.ts';
import type { ConnectionNode } from './config/connection-node.ts';
import { engineOf } from './runtime.ts';
import type { StatusLine } from './status.ts';

/** Counts that have changed are told to Status nodes this often at most, in ms. */
const COUNTS_PAUSE = 10_000;

/**
 * Tells operators what the connection of a config node does: Node-RED's audit log who signed in and out, its metrics
 * how long each token request took, and Status nodes the counts.
 */
export function observe(RED: NodeAPI, node: ConnectionNode<unknown>, meter: Meter, status: StatusLine): void {
  auditConnection(RED, node, meter);
  warnOfCrowd(RED, node, meter);
  tellCounts(RED, node, meter, status);
  if (!node.metric()) return;
  node.on(
    'close',
    meter.requests.add((ms) => node.metric('token-request', {}, ms)),
  );
}

/** What was said once of a connection is not said again: not by another config node of it, nor after a deploy. */
const warned = new WeakSet<Meter>();

/** Writes one warning when the first session or challenge of a connection makes room for another one. */
function warnOfCrowd(RED: NodeAPI, node: ConnectionNode<unknown>, meter: Meter): void {
  const warn = (): void => {
    if (warned.has(meter)) return;
    warned.add(meter);
    const { host } = node.connection as { host: string };
    const key = 'server.crowded';
    node.warn(RED._(CATALOGUE + key, { host, max: String(engineOf(RED).maxSessions) }));
  };
  if (meter.evictions > 0) warn();
  node.on('close', meter.crowded.add(warn));
}

function tellCounts(RED: NodeAPI, node: ConnectionNode<unknown>, meter: Meter, status: StatusLine): void {
  const { system } = engineOf(RED);
  let pause: Cancel | undefined;
  const later = (): void => {
    pause ??= system.after(
      COUNTS_PAUSE,
      () => {
        pause = undefined;
        status.tellCounts();
      },
      true,
    );
  };
  status.counts = meter.counts;
  const stops = [meter.requests.add(later), meter.events.add(later)];
  node.on('close', () => {
    for (const stop of stops) stop();
    pause?.();
  });
}

import type { NodeAPI } from 'node-red';
import type { Cancel } from '../../src/core/clock.ts';
import type { Metrics } from '../../src/oauth/metrics.ts';
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
export function observe(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics, status: StatusLine): void {
  auditConnection(RED, node, metrics);
  warnOfCrowd(RED, node, metrics);
  tellCounts(RED, node, metrics, status);
  if (!node.metric()) return;
  node.on(
    'close',
    metrics.requests.add((ms) => node.metric('token-request', {}, ms)),
  );
}

/** What was said once of a connection is not said again: not by another config node of it, nor after a deploy. */
const warned = new WeakSet<Metrics>();

/** Writes one warning when the first session or challenge of a connection makes room for another one. */
function warnOfCrowd(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics): void {
  const warn = (): void => {
    if (warned.has(metrics)) return;
    warned.add(metrics);
    const { host } = node.connection as { host: string };
    const key = 'server.crowded';
    node.warn(RED._(CATALOGUE + key, { host, max: String(engineOf(RED).maxSessions) }));
  };
  if (metrics.evictions > 0) warn();
  node.on('close', metrics.crowded.add(warn));
}

function tellCounts(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics, status: StatusLine): void {
  const { clock } = engineOf(RED);
  let pause: Cancel | undefined;
  const later = (): void => {
    pause ??= clock.after(
      COUNTS_PAUSE,
      () => {
        pause = undefined;
        status.tellCounts();
      },
      true,
    );
  };
  status.counts = metrics.counts;
  const stops = [metrics.requests.add(later), metrics.events.add(later)];
  node.on('close', () => {
    for (const stop of stops) stop();
    pause?.();
  });
}

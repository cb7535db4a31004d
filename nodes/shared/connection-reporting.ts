import type { NodeAPI } from 'node-red';
import type { Cancel } from '../../src/core/clock.ts';
import type { AccountStates } from '../../src/oauth/account-state.ts';
import type { Metrics } from '../../src/oauth/metrics.ts';
import { auditConnection } from './audit.ts';
import { textOf } from './catalogue.ts';
import { reportAccount } from './changes/account-log.ts';
import type { ConnectionNode } from './config/connection-node.ts';
import { engineOf } from './runtime.ts';
import type { StatusLine } from './status.ts';

/** Status nodes get changed counts at most once in this time, in ms. */
const COUNTS_PAUSE = 10_000;

/**
 * Reports the activity of a config node's connection: sign-ins and sign-outs to Node-RED's audit log, the time of each
 * token request to its metrics, and the counts to Status nodes.
 */
export function observe(
  RED: NodeAPI,
  node: ConnectionNode<unknown>,
  { metrics, states, user }: { metrics: Metrics; states: AccountStates; user?: () => string | undefined },
  status: StatusLine,
): void {
  reportAccount(RED, node, status, { states, user });
  auditConnection(RED, node, metrics);
  warnOfCrowd(RED, node, metrics);
  sendCounts(RED, node, metrics, status);
  if (!node.metric()) return;
  node.on(
    'close',
    metrics.requests.add(({ ms: value, outcome }) => {
      const event = `node.${node.type}.token-request`;
      RED.log.log({ level: RED.log.METRIC, nodeid: node.id, event, value, outcome } as never);
    }),
  );
}

/** The connections with a warning: there is no second one for another config node of the connection, nor after a deploy. */
const warned = new WeakSet<Metrics>();

/** Writes one warning when the first session or challenge of a connection is removed to make room. */
function warnOfCrowd(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics): void {
  const warn = (): void => {
    if (warned.has(metrics)) return;
    warned.add(metrics);
    const { host } = node.connection as { host: string };
    const key = 'server.crowded';
    node.warn(textOf(RED, key, { host, max: engineOf(RED).maxSessions }));
  };
  if (metrics.evictions > 0) warn();
  node.on('close', metrics.crowded.add(warn));
}

/** Sends the counts to Status nodes after they have changed. */
function sendCounts(RED: NodeAPI, node: ConnectionNode<unknown>, metrics: Metrics, status: StatusLine): void {
  const { clock } = engineOf(RED);
  let pause: Cancel | undefined;
  const later = (): void => {
    pause ??= clock.after(
      COUNTS_PAUSE,
      () => {
        pause = undefined;
        status.sendCounts();
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

import type { NodeAPI } from 'node-red';
import { VgsAccount } from '../../../src/vgs/account.ts';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { isStore, needOf } from './needs.ts';
import { revisionOf } from './revision.ts';

/** Notifies the tab Sign-ins when a config node changes, until the node is closed. */
export function followNode(RED: NodeAPI, node: ConnectionNode<unknown>): void {
  const revision = revisionOf(RED);
  const { connection } = node;
  let need = needOf(node);
  const follow = (): void => {
    const before = need;
    need = needOf(node);
    // A challenge begins at the end of a request, after its listeners: so each request of an account in need counts.
    if (need !== '' || before !== '') revision.needChanged();
    else revision.changed();
  };
  const stops: (() => void)[] = [];
  if (isStore(node)) stops.push(node.connection.changes.add(follow));
  else if (connection instanceof VgsAccount || connection instanceof VisualGuardServer) {
    const { states, metrics } = connection;
    stops.push(states.changes.add(follow), metrics.events.add(follow), metrics.requests.add(follow));
    // If nobody answers a challenge, its end is neither a request nor an event.
    if (connection instanceof VisualGuardServer) stops.push(connection.closings.add(follow));
  }
  node.on('close', () => {
    for (const stop of stops) stop();
  });
}

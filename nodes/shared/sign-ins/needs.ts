import type { NodeAPI } from 'node-red';
import type { DurableStore } from '../../../src/store/store.ts';
import { VgsAccount } from '../../../src/vgs/account.ts';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { deployedNodes } from '../config/deployed.ts';
import { heldAt } from '../hold/held-count.ts';

/** The entry of an open challenge is this and its ID. */
const CHALLENGE = 'challenge:';

/**
 * Everything that needs a human now, as one text that changes whenever the list changes: accounts that are refused, wait for
 * a human or are misconfigured, each open challenge of theirs, messages on hold, and stores that cannot be used.
 */
export function needsOf(RED: NodeAPI): string {
  return deployedNodes(RED)
    .flatMap((node) => needsAt(RED, node).map((need) => `${node.id} ${need}`))
    .sort()
    .join();
}

/**
 * The entries of one config node. A human who answers a challenge or signs the user in also releases the messages of that user:
 * that is one thing to do, so it is one entry. If messages of other users are left after that, they become an entry then.
 */
function needsAt(RED: NodeAPI, node: ConnectionNode<unknown>): string[] {
  const need = needOf(node);
  if (need.startsWith(CHALLENGE) || need === 'needs-human') return [need];
  return [need, heldAt(RED, node.id) > 0 ? 'hold' : ''].filter((entry) => entry !== '');
}

/** The entry of one config node, apart from messages on hold; empty if it needs no human. */
export function needOf(node: ConnectionNode<unknown>): string {
  const { connection, problem } = node;
  if (problem || !connection) return problem ? 'misconfigured' : '';
  if (isStore(node)) return node.connection.state.at === 'gone' ? 'gone' : '';
  if (!(connection instanceof VgsAccount) && !(connection instanceof VisualGuardServer)) return '';
  const challenge = connection instanceof VisualGuardServer ? connection.storedUser.challenge : undefined;
  // Independent of later events: the challenge is open, and somebody can answer it.
  if (challenge) return `${CHALLENGE}${challenge.id}`;
  const { trouble } = connection.states;
  if (!trouble) return '';
  // An account that fails may work again without help, except if settings from a file or a vault are wrong.
  if (trouble.at === 'failing') return trouble.error.code === 'AUTH_CONFIG' ? 'misconfigured' : '';
  return trouble.at;
}

/** Whether a config node is a session store that is complete. */
export function isStore(
  node: ConnectionNode<unknown>,
): node is ConnectionNode<DurableStore> & { connection: DurableStore } {
  return node.type === 'auth-store' && node.connection !== undefined;
}

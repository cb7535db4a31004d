import type { NodeAPI } from 'node-red';
import type { DurableStore, StoreState } from '../../../src/store/store.ts';
import { storeGone } from '../../../src/store/store-timeout.ts';
import { sentenceOf } from '../catalogue.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { engineOf } from '../runtime.ts';
import type { StatusLine } from '../status.ts';
import { ChangeLog } from './change-log.ts';

/** When the state of each store began, in ms since 1970. */
const since = new WeakMap<DurableStore, number>();

/** When the state of a store began, in ms since 1970. */
export function storeSince(store: DurableStore): number {
  return since.get(store) ?? 0;
}

/** Reports when a session store is lost, and when it is back. */
export function reportStore(
  RED: NodeAPI,
  node: ConnectionNode<DurableStore>,
  status: StatusLine,
  store: DurableStore,
): void {
  ChangeLog.hold(RED, store, { node, status }, (log) => {
    let isLost = false;
    const follow = (state: StoreState): void => {
      since.set(store, engineOf(RED).clock.now());
      // A store that is closed is not lost.
      if (state.at === 'gone' && state.cause === 'closed') log.end();
      if (state.at === 'gone' && state.cause !== 'closed' && !isLost) {
        isLost = true;
        const error = storeGone(store.host, state.cause);
        log.trouble({ event: 'vg-auth.store-lost', code: error.code }, () => sentenceOf(RED, error));
      }
      if (state.at === 'ready' && isLost) {
        isLost = false;
        log.recovered({ event: 'vg-auth.store-back' }, (time) =>
          log.text('log.store-back', { host: store.host, time }),
        );
      }
    };
    follow(store.state);
    store.changes.add(follow);
  });
}

import type { DurableStore } from '../../src/store/store.ts';
import { type FlowNode, place, wire } from './flows.ts';
import type { Flow } from './runtime.ts';

/** The credentials of a store. */
export const KEY = { encryptionKey: 'a passphrase of the tests' };
/** Nothing listens there: port 9 is "discard". */
export const NOWHERE = 'redis://127.0.0.1:9';

/** An account and a server that use a store. */
export function users(store: object, of: object = { store: 'store' }): FlowNode[] {
  return [
    { id: 'store', type: 'auth-store', ...store },
    { id: 'account', type: 'vgs-account', practice: true, ...of },
    { id: 'server', type: 'vg-server', practice: true, ...of },
    wire('vgs-token', 'vgs-token', ['one', 'two'], { account: 'account' }),
    wire('vg-login', 'vg-login', ['one', 'two', 'three'], { server: 'server' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vgs', account: 'account' }),
    ...['one', 'two', 'three'].map(place),
  ];
}

/** The store of a flow. */
export const storeIn = (flow: Flow): DurableStore =>
  (flow.node('store') as unknown as { connection: DurableStore }).connection;

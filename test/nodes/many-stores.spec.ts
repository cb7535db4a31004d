import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { DurableStore } from '../../src/store/store.ts';
import type { FlowNode } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { until } from '../support/until.ts';

/** A derivation that was requested. It runs when the test says so. */
type Held = () => void;

describe('a deploy with many session stores', () => {
  const { scrypt } = crypto;
  const held: Held[] = [];

  beforeEach(() => {
    held.length = 0;
    const holding = (...given: unknown[]): void => void held.push(() => Reflect.apply(scrypt, crypto, given));
    crypto.scrypt = holding as unknown as typeof scrypt;
    syncBuiltinESMExports();
  });

  afterEach(() => {
    crypto.scrypt = scrypt;
    syncBuiltinESMExports();
  });

  it('does not wait for their keys, which are derived one at a time', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `store-${index}`);
    const nodes = ids.map((id): FlowNode => ({ id, type: 'auth-store', kind: 'context' }));
    const keys = ids.map((id) => [id, { encryptionKey: `a long enough passphrase of ${id}` }]);
    const flow = await load(nodes, Object.fromEntries(keys));
    const stores = ids.map((id) => (flow.node(id) as unknown as { connection: DurableStore }).connection);
    const ready = (): number => stores.filter(({ state }) => state.at === 'ready').length;
    assert.equal(ready(), 0, 'the deploy is done before the first key is there');
    for (let derived = 0; derived < ids.length; derived += 1) {
      await until(() => held.length > 0);
      assert.equal(held.length, 1, `one at a time, after ${derived}`);
      held.pop()?.();
    }
    await until(() => ready() === ids.length);
  });
});

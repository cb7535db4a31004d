import assert from 'node:assert/strict';
import type { Change } from '../../src/store/redis-write.ts';
import { UnwrittenChanges } from '../../src/store/unwritten-changes.ts';

const change = (fence: number): Change => ({ json: '{}', fence, life: 1_000, since: 0 });

describe('changes that could not be written', () => {
  it('are written in their order, so that no replica finds a record before the one that it refers to', () => {
    const changes = new UnwrittenChanges();
    for (const name of ['session h', 'user anna', 'stored-user']) {
      const made = change(1);
      changes.send(name, made);
      changes.keep(name, made);
    }
    // A read changes nothing about the order.
    changes.get('session h');
    assert.deepEqual(
      changes.batch(2).map(([name]) => name),
      ['session h', 'user anna'],
    );
    for (const [name, made] of changes.batch(2)) changes.written(name, made);
    assert.deepEqual(
      changes.batch(2).map(([name]) => name),
      ['stored-user'],
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HoldQueue } from '../../nodes/shared/hold/hold-queue.ts';

interface Item {
  arrival: number;
  key: string;
}

/** The operations on a queue. */
type Step = { add: Item } | { take: string } | { older: number } | { max: number };

const KEYS = ['anna', 'bert', 'cleo'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.record({ arrival: fc.nat(60), key: fc.constantFrom(...KEYS) }) }) },
  fc.record({ take: fc.constantFrom(...KEYS) }),
  fc.record({ older: fc.nat(60) }),
  fc.record({ max: fc.nat(8) }),
);

/** A simple model of the queue: a list that is sorted after each arrival. */
function leave(list: Item[], leaves: (item: Item, index: number) => boolean): { left: Item[]; kept: Item[] } {
  return { left: list.filter(leaves), kept: list.filter((item, index) => !leaves(item, index)) };
}

describe('the queue of messages on hold', () => {
  it('keeps the order of arrival, loses nothing, and stays within its limit, for any operations', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new HoldQueue<Item>();
        let model: Item[] = [];
        for (const each of steps) {
          let taken: Item[] = [];
          let expected: { left: Item[]; kept: Item[] } = { left: [], kept: model };
          if ('add' in each) {
            queue.add(each.add);
            // Equal arrivals stay in the order in which they were added, because sort is stable.
            expected = { left: [], kept: [...model, each.add].sort((a, b) => a.arrival - b.arrival) };
          } else if ('take' in each) {
            taken = queue.take(({ key }) => key === each.take);
            expected = leave(model, ({ key }) => key === each.take);
          } else if ('older' in each) {
            taken = queue.take(({ arrival }) => arrival < each.older);
            expected = leave(model, ({ arrival }) => arrival < each.older);
          } else {
            taken = queue.shrink(each.max);
            const over = model.length - each.max;
            expected = leave(model, (_item, index) => index < over);
            assert.ok(queue.size <= each.max);
          }
          model = expected.kept;
          assert.deepEqual(taken, expected.left);
          assert.equal(queue.size, model.length);
          assert.equal(queue.oldest, model[0]);
          for (const key of KEYS) assert.equal(queue.count(key), model.filter((item) => item.key === key).length);
        }
        assert.deepEqual(
          queue.take(() => true),
          model,
        );
      }),
      { seed: 20_260_102, numRuns: 500 },
    );
  });
});

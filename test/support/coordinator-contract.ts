import assert from 'node:assert/strict';
import {
  type Coordinator,
  contentOf,
  REMOVED,
  type RecordKind,
  type SharedRecord,
} from '../../src/store/coordinator.ts';

/** A kind of coordination, as the contract tests see it. */
export interface CoordinatorKind {
  /** Opens this many replicas, with an empty store. In one process, all of them are the same object. */
  open(replicas: number): Promise<Coordinator[]>;
  /** Closes everything that a test opened. */
  end(): Promise<void>;
}

interface Sum {
  sum: number;
}

const LIFE = 60_000;

/** Records with a number. Any other value is invalid. */
const SUMS: RecordKind<Sum> = {
  prefix: 'sum',
  host: 'host',
  encode: ({ sum }) => ({ value: { sum }, ttl: LIFE }),
  decode: (value) => {
    const { sum } = (value ?? {}) as { sum?: unknown };
    return typeof sum === 'number' ? { sum } : undefined;
  },
};

/** The requirements for every kind of coordination. */
export function coordinates(name: string, kind: CoordinatorKind): void {
  describe(`coordination ${name}`, () => {
    afterEach(() => kind.end());

    /** Replicas, and the record at each of them. Replicas in the same process share it. */
    async function open(count = 2): Promise<{ replicas: Coordinator[]; records: SharedRecord<Sum>[] }> {
      const replicas = await kind.open(count);
      const known = new Map<Coordinator, SharedRecord<Sum>>();
      const records = replicas.map((each) => {
        const record = known.get(each) ?? each.record(SUMS, 'a');
        known.set(each, record);
        return record;
      });
      return { replicas, records };
    }

    describe('exclusive', () => {
      it('runs one at a time under a name, over all replicas', async () => {
        const { replicas } = await open(3);
        let running = 0;
        let most = 0;
        const runs = Array.from({ length: 30 }, (_, i) =>
          (replicas[i % 3] as Coordinator).exclusive('a', 'host', async () => {
            running += 1;
            most = Math.max(most, running);
            await new Promise(setImmediate);
            running -= 1;
            return i;
          }),
        );
        assert.deepEqual(
          await Promise.all(runs),
          Array.from({ length: 30 }, (_, i) => i),
        );
        assert.equal(most, 1);
      });

      it('runs in the order of the calls in one process', async () => {
        const { replicas } = await open(1);
        const order: number[] = [];
        const run = (i: number) => replicas[0].exclusive('a', 'host', async () => void order.push(i));
        await Promise.all([0, 1, 2, 3, 4].map(run));
        assert.deepEqual(order, [0, 1, 2, 3, 4]);
      });

      it('does not block other names, not even inside each other', async () => {
        const { replicas } = await open(2);
        const [a, b] = replicas as [Coordinator, Coordinator];
        const inner = await a.exclusive('a', 'host', () => b.exclusive('b', 'host', async () => 'inner'));
        assert.equal(inner, 'inner');
      });

      it('continues after a function that throws, and throws the same error', async () => {
        const { replicas } = await open(2);
        const fault = new Error('fault');
        const failing = replicas[0].exclusive('a', 'host', async () => {
          throw fault;
        });
        await assert.rejects(failing, fault);
        assert.equal(await replicas[1].exclusive('a', 'host', async () => 1), 1);
      });

      it('reports that the lock is held, and by agreement', async () => {
        const { replicas } = await open(1);
        await replicas[0].exclusive('a', 'host', async ({ signal, isCutOff }) => {
          assert.deepEqual({ aborted: signal.aborted, isCutOff }, { aborted: false, isCutOff: false });
        });
        assert.equal(replicas[0].isCutOff, false);
      });
    });

    describe('a record', () => {
      it('is empty first, then written, then ended, for all replicas', async () => {
        const { records } = await open();
        for (const record of records) assert.equal(await record.read(), undefined);
        await records[0].write({ sum: 1 });
        for (const record of records) assert.deepEqual(await record.read(), { sum: 1 });
        await records[1].end(LIFE);
        for (const record of records) assert.equal(await record.read(), 'ended');
      });

      it('is changed by one at a time: no update is lost', async () => {
        const { records } = await open(3);
        const add = (record: SharedRecord<Sum>): Promise<void> =>
          record.update({
            run: async (found, lock) => {
              await new Promise(setImmediate);
              lock.write({ sum: (contentOf(found)?.sum ?? 0) + 1 });
            },
          });
        await Promise.all(Array.from({ length: 45 }, (_, i) => add(records[i % 3] as SharedRecord<Sum>)));
        for (const record of records) assert.deepEqual(await record.read(), { sum: 45 });
      });

      it('is written even if the function under the lock throws', async () => {
        const { records } = await open();
        const failing = records[0].update({
          run: async (_found, lock) => {
            lock.write({ sum: 7 });
            throw new Error('fault');
          },
        });
        await assert.rejects(failing, { message: 'fault' });
        assert.deepEqual(await records[1].read(), { sum: 7 });
      });

      it('is written with another one under the lock of that, even if the function there throws', async () => {
        const { replicas, records } = await open();
        const others = replicas.map((replica) => replica.record({ ...SUMS, prefix: 'other' }, ''));
        const mine = others[0] as SharedRecord<Sum>;
        const failing = records[0].update({
          run: async (_found, lock) => {
            lock.writeAlso({ record: mine, content: { sum: 8 } });
            throw new Error('fault');
          },
        });
        await assert.rejects(failing, { message: 'fault' });
        assert.deepEqual(await mine.read(), { sum: 8 });
        if (replicas[1] !== replicas[0]) assert.deepEqual(await (others[1] as SharedRecord<Sum>).read(), { sum: 8 });
        for (const record of records) assert.equal(await record.read(), undefined);
      });

      it('is found by the next holder of the lock as an eager update has written it', async () => {
        const { records } = await open();
        for (let sum = 1; sum <= 20; sum += 1) {
          const [one, other] = sum % 2 === 0 ? [...records] : [...records].reverse();
          await one?.update({ isEager: true, run: async (_found, lock) => lock.write({ sum }) });
          assert.deepEqual(await other?.update({ run: async (found) => found }), { sum });
        }
        const failing = records[0].update({
          isEager: true,
          run: async () => {
            throw new Error('fault');
          },
        });
        await assert.rejects(failing, { message: 'fault' });
      });

      it('is the last value that was set under the lock', async () => {
        const { records } = await open();
        await records[0].update({
          run: async (_found, lock) => {
            lock.end(REMOVED);
            lock.write({ sum: 2 });
          },
        });
        assert.deepEqual(await records[1].read(), { sum: 2 });
      });

      it('written without a lock replaces the value that its writer has seen, and no newer one', async () => {
        const { records } = await open();
        const [mine, other] = records as [SharedRecord<Sum>, SharedRecord<Sum>];
        await mine.update({ run: async (_found, lock) => lock.write({ sum: 1 }) });
        assert.deepEqual(await other.read(), { sum: 1 });
        await other.write({ sum: 2 });
        assert.deepEqual(await mine.read(), { sum: 2 });
        await mine.update({ run: async (_found, lock) => lock.write({ sum: 3 }) });
        // In one process there is one record, which always has the newest value.
        if (other === mine) return;
        await other.write({ sum: 4 });
        assert.deepEqual(await mine.read(), { sum: 3 });
      });

      it('that is settled is not settled again by any replica', async () => {
        const { records } = await open(3);
        let runs = 0;
        const once = (record: SharedRecord<Sum>): Promise<number> =>
          record.update<number>({
            settle: (found) => contentOf(found)?.sum,
            run: async (_found, lock) => {
              runs += 1;
              await new Promise(setImmediate);
              lock.write({ sum: 5 });
              return 5;
            },
          });
        const all = await Promise.all(Array.from({ length: 12 }, (_, i) => once(records[i % 3] as SharedRecord<Sum>)));
        assert.deepEqual(
          all,
          Array.from({ length: 12 }, () => 5),
        );
        assert.equal(runs, 1);
      });

      it('is read once more under the lock', async () => {
        const { records } = await open();
        await records[0].write({ sum: 3 });
        const read = await records[1].update({ run: (_found, lock) => lock.read() });
        assert.deepEqual(read, { sum: 3 });
      });

      it('throws the error of the function that settles it, before the lock is taken or under it, and is unlocked then', async () => {
        const { records } = await open();
        const fault = new Error('fault');
        for (const unsettled of [0, 1]) {
          let asked = 0;
          const failing = records[0].update<number>({
            settle: () => {
              asked += 1;
              if (asked <= unsettled) return undefined;
              throw fault;
            },
            run: () => Promise.reject(fault),
          });
          await assert.rejects(failing, fault);
          assert.equal(await records[1].update({ run: async () => 2 }), 2);
        }
      });

      it('reports nothing to its watcher during an update in this process, and then the result', async () => {
        const { records } = await open();
        const [mine, other] = records as [SharedRecord<Sum>, SharedRecord<Sum>];
        const told: number[] = [];
        let wake: () => void = () => undefined;
        const heard = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const unwatch = mine.watch((found) => {
          told.push(contentOf(found)?.sum ?? 0);
          wake();
          return undefined;
        });
        await mine.update({
          run: async (_found, lock) => {
            await other.write({ sum: 1 });
            for (let round = 0; round < 5; round += 1) await new Promise(setImmediate);
            assert.deepEqual(told, []);
            lock.write({ sum: 2 });
          },
        });
        // In one process nobody else writes it.
        if (other !== mine) {
          await heard;
          assert.deepEqual([...new Set(told)], [2]);
        }
        unwatch();
      });

      it('reports to its watcher what others write, until the watcher ends', async () => {
        const { records } = await open();
        const [mine, other] = records as [SharedRecord<Sum>, SharedRecord<Sum>];
        const told: number[] = [];
        let wake: () => void = () => undefined;
        const unwatch = mine.watch((found) => {
          told.push(contentOf(found)?.sum ?? 0);
          wake();
          return undefined;
        });
        // In one process nobody else writes it.
        if (other !== mine) {
          const heard = new Promise<void>((resolve) => {
            wake = () => told.includes(2) && resolve();
          });
          await other.write({ sum: 2 });
          await heard;
        }
        unwatch();
        await other.write({ sum: 3 });
        assert.deepEqual(await mine.read(), { sum: 3 });
        assert.ok(!told.includes(3), told.join());
      });
    });
  });
}

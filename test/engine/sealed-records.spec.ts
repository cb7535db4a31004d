import assert from 'node:assert/strict';
import { readRedisRecord } from '../../src/store/redis-record.ts';
import { type Opened, Seal, type Stamp } from '../../src/store/seal.ts';
import { ServerClock } from '../../src/store/server-clock.ts';
import { FakeSystem, START } from '../support/fake-system.ts';

const MINUTE = 60_000;
const KEY = `vg-auth:${'a'.repeat(64)}`;
const STAMP: Stamp = { fence: 5, time: START, life: 10 * MINUTE };

describe('A sealed record', () => {
  const seal = new Seal(Buffer.alloc(32, 1));
  const box = seal.close(KEY, STAMP, '{"token":"T"}');
  const parts = box.split('.') as [string, string, string, string];

  it('opens with the key, fence, time and life that it was sealed with', () => {
    const expected: Opened = { ...STAMP, value: { token: 'T' } };
    assert.deepEqual(seal.open(KEY, STAMP.fence, box), expected);
    assert.deepEqual(parts.slice(0, 3), ['2', String(START), String(10 * MINUTE)]);
  });

  for (const [what, open] of [
    ['with another master key', () => new Seal(Buffer.alloc(32, 2)).open(KEY, 5, box)],
    ['under another name', () => seal.open(KEY.replace(/a$/, 'b'), 5, box)],
    ['under another prefix', () => seal.open(KEY.replace('vg-auth', 'vg-ath'), 5, box)],
    ['with another fence', () => seal.open(KEY, 6, box)],
    ['with a later time', () => seal.open(KEY, 5, box.replace(`.${START}.`, `.${START + 1}.`))],
    ['with a longer life', () => seal.open(KEY, 5, box.replace(`.${10 * MINUTE}.`, `.${10 * MINUTE + 1}.`))],
    ['in another format', () => seal.open(KEY, 5, box.replace(/^2/, '3'))],
    ['in the format of 0.1.0', () => seal.open(KEY, 5, `v1.${parts[3]}`)],
    ['with time and fence exchanged', () => seal.open(KEY, START, ['2', '5', parts[2], parts[3]].join('.'))],
    ['with a number that is written in another way', () => seal.open(KEY, 5, box.replace('2.', '02.'))],
    ['with a part of it left out', () => seal.open(KEY, 5, parts.slice(1).join('.'))],
    ['that is empty', () => seal.open(KEY, 5, '2.1.1.')],
    ['that is longer than any record', () => seal.open(KEY, 5, box + 'A'.repeat(5 * 2 ** 20))],
  ] as [string, () => Opened | undefined][])
    it(`does not open ${what}`, () => {
      assert.equal(open(), undefined);
    });

  it('does not open if any one of its bits is changed', () => {
    const bytes = Buffer.from(parts[3], 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(seal.open(KEY, 5, [...parts.slice(0, 3), changed.toString('base64url')].join('.')), undefined);
    }
  });

  it('has a name that cannot be computed without the master key', () => {
    assert.match(seal.nameOf('user anna'), /^[0-9a-f]{64}$/);
    assert.notEqual(seal.nameOf('user anna'), new Seal(Buffer.alloc(32, 2)).nameOf('user anna'));
  });

  describe('in Redis', () => {
    const read = (written: number, now: number) => readRedisRecord(seal, KEY, `5:${written}:${box}`, now);

    it('has its age by the clock of Redis', () => {
      assert.deepEqual(read(START, START + MINUTE), { value: { token: 'T' }, age: MINUTE, fence: 5 });
    });

    it('is absent as soon as its life has ended, whatever the time in clear', () => {
      assert.ok(read(START, START + 10 * MINUTE - 1));
      for (const written of [START, START + MINUTE, START - MINUTE])
        assert.equal(read(written, START + 10 * MINUTE), undefined);
    });

    it('is absent if the time in clear differs by more than 60 s from the sealed one', () => {
      for (const [by, isThere] of [
        [-MINUTE - 1, false],
        [-MINUTE, true],
        [MINUTE, true],
        [MINUTE + 1, false],
      ] as const)
        assert.equal(read(START + by, START + 5 * MINUTE) !== undefined, isThere, `${by} ms`);
    });

    it('is never younger than the sealed time', () => {
      assert.equal(read(START + MINUTE, START + 5 * MINUTE)?.age, 5 * MINUTE);
      assert.equal(read(START - MINUTE, START + 5 * MINUTE)?.age, 6 * MINUTE);
    });

    it('is absent if it is no record', () => {
      for (const found of ['', 'x', '5', '5:6', `5:x:${box}`, `-5:${START}:${box}`, `5:${START}:`, `5:${START}:x`])
        assert.equal(readRedisRecord(seal, KEY, found, START), undefined, found.slice(0, 20));
    });
  });
});

describe('The time of a server', () => {
  it('is its time as last seen, and advances with the clock of this machine', async () => {
    const system = new FakeSystem();
    const clock = new ServerClock(system);
    assert.equal(clock.now(), START);
    clock.saw(String(START - 5_000));
    await system.pass(1_000);
    assert.equal(clock.now(), START - 4_000);
    for (const nonsense of [undefined, null, 'x', Number.NaN, -1, 1e300, {}]) clock.saw(nonsense);
    assert.equal(clock.now(), START - 4_000);
  });
});

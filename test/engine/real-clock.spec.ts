import assert from 'node:assert/strict';
import sinon from 'sinon';
import { delay, randomId, systemClock } from '../../src/core/clock.ts';

const DAY = 86_400_000;

describe('the clock of the process', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });
  afterEach(() => clock.restore());

  for (const [name, ms] of [
    ['1 s', 1_000],
    ['25 days, which no timer of Node.js takes', 25 * DAY],
    ['10 years', 3650 * DAY],
  ] as const) {
    it(`runs a timer once, after ${name}`, () => {
      const run = sinon.spy();
      systemClock.after(ms, run);
      clock.tick(ms - 1);
      assert.equal(run.callCount, 0);
      clock.tick(1);
      assert.equal(run.callCount, 1);
      clock.tick(ms);
      assert.equal(run.callCount, 1);
    });

    it(`does not run a timer of ${name} that was canceled, at the start or half-way`, () => {
      const run = sinon.spy();
      const cancel = systemClock.after(ms, run);
      clock.tick(ms / 2);
      cancel();
      cancel();
      clock.tick(ms * 2);
      assert.equal(run.callCount, 0);
      assert.equal(clock.countTimers(), 0);
    });
  }

  it('runs a timer of the past at once', () => {
    const run = sinon.spy();
    systemClock.after(-5, run);
    clock.tick(0);
    assert.equal(run.callCount, 1);
  });

  it('waits for the given time', async () => {
    const waited = sinon.spy();
    const waiting = delay(systemClock, 500).then(waited);
    await clock.tickAsync(499);
    assert.equal(waited.callCount, 0);
    await clock.tickAsync(1);
    await waiting;
    assert.equal(waited.callCount, 1);
  });
});

describe('a random id', () => {
  it('has 24 characters that are safe in a URL, and is different each time', () => {
    const ids = Array.from({ length: 1000 }, randomId);
    assert.equal(new Set(ids).size, 1000);
    for (const id of ids) assert.match(id, /^[\w-]{24}$/);
  });
});

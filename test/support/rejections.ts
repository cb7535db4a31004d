/** Unhandled rejections, with the test in which they happened. In Node-RED, one of them ends the whole process. */
const unhandled = new Map<unknown, string>();
let running = 'before the first test';

process.on('unhandledRejection', (reason) => {
  // Mocha reports each of them a second time.
  if (!unhandled.has(reason)) unhandled.set(reason, running);
});

// Root hooks: this module is imported while mocha loads the files, outside of every suite.
beforeEach(function () {
  running = this.currentTest?.fullTitle() ?? running;
});

/** Node.js reports an unhandled rejection after the current operations. */
afterEach(() => new Promise((resolve) => setImmediate(resolve)));

// They are reported at the end, because a root hook that fails ends the run.
after('nothing was rejected unhandled', () => {
  if (unhandled.size === 0) return;
  const told = [...unhandled].map(([reason, test]) => `${test}: ${reason instanceof Error ? reason.stack : reason}`);
  throw new Error(`an unhandled rejection would have ended Node-RED\n${told.join('\n')}`);
});

/** Rejections that nobody handled, and in which test. In Node-RED, one of them ends the whole process. */
const unhandled = new Map<unknown, string>();
let running = 'before the first test';

process.on('unhandledRejection', (reason) => {
  // Mocha tells of each once more.
  if (!unhandled.has(reason)) unhandled.set(reason, running);
});

// Root hooks: this module is imported while mocha loads the files, outside of every suite.
beforeEach(function () {
  running = this.currentTest?.fullTitle() ?? running;
});

/** Node.js finds a rejection unhandled when it is done with what is under way. */
afterEach(() => new Promise((resolve) => setImmediate(resolve)));

// It is told at the end, because a root hook that fails ends the run.
after('nothing was rejected unhandled', () => {
  if (unhandled.size === 0) return;
  const told = [...unhandled].map(([reason, test]) => `${test}: ${reason instanceof Error ? reason.stack : reason}`);
  throw new Error(`an unhandled rejection would have ended Node-RED\n${told.join('\n')}`);
});

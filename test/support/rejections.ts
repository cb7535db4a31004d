import assert from 'node:assert/strict';

/** Rejections that nobody handled. In Node-RED, one of them ends the whole process. */
const unhandled: unknown[] = [];

process.on('unhandledRejection', (reason) => {
  unhandled.push(reason);
});

/** Lets rejections that are about to be found unhandled be found. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// A root hook: this module is imported while mocha loads the files, outside of every suite.
afterEach('nothing was rejected unhandled', async () => {
  await turn();
  const found = unhandled.splice(0);
  assert.deepEqual(found, [], 'an unhandled rejection would have ended Node-RED');
});

/**
 * Ends a process of mocha that does not end after its last test, because a test left something running: a server, a
 * browser, a timer. Without it, such a process runs forever, and nobody sees which of its tests failed. `.mocharc.json`
 * loads it.
 */

/** In ms: how long what runs may take to end. A hook of the tests may take 4 minutes, and mocha knows the result after all hooks. */
const TO_END = 300_000;

export const mochaHooks = {
  afterAll(): void {
    // It does not keep the process running itself.
    setTimeout(() => {
      console.error(`\nA test left this running: ${process.getActiveResourcesInfo().join(', ')}`);
      // mocha replaces it with its own if it has one.
      process.exit(1);
    }, TO_END).unref();
  },
};

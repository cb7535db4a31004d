/**
 * Ends a process of mocha that does not end after its last test, because a test left something running: a server, a
 * browser, a timer. Without it, such a process runs forever, and nobody sees which of its tests failed. `.mocharc.json`
 * loads it.
 */

/** In ms: how long what runs may take to end. */
const TO_END = 60_000;

export const mochaHooks = {
  afterAll(): void {
    // It does not keep the process running itself.
    setTimeout(() => {
      console.error(`\nA test left this running: ${process.getActiveResourcesInfo().join(', ')}`);
      process.exit();
    }, TO_END).unref();
  },
};

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to connections and to servers that ask for any port: on a busy machine, one of those is often
 * taken before the test opens it.
 */
const FIRST = 10_000;
const LAST = 32_000;

/** A port of 127.0.0.1 on which nothing listens now. Another program may open it at any time, but hardly any does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await canBeOpened(port)) return port;
  }
}

function canBeOpened(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

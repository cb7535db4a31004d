import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { PracticeServer } from '../../src/practice/server.ts';

/** The longest lifetime of a token, in s. */
const LIFE = 3;

/** The practice server behind a server that shortens every token's lifetime. For Node-RED it is an ordinary server. */
export class ShortLives {
  origin = '';
  /** The number of token requests. */
  requests = 0;
  readonly #practice = new PracticeServer(systemClock);
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const abort = new AbortController();
      response.once('close', () => abort.abort());
      try {
        let body = '';
        for await (const chunk of request) body += chunk;
        if (request.url?.endsWith('/token')) this.requests += 1;
        const headers = {
          'content-type': request.headers['content-type'] ?? '',
          authorization: request.headers.authorization ?? '',
        };
        const answer = await fetch((await this.#practice.start()) + request.url, {
          method: request.method ?? 'GET',
          headers,
          signal: abort.signal,
          ...(request.method === 'POST' ? { body } : {}),
        });
        const text = (await answer.text()).replace(/"expires_in":\d+/, `"expires_in":${LIFE}`);
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(text);
      } catch {
        response.destroy();
      }
    });
  }

  static async start(): Promise<ShortLives> {
    const server = new ShortLives();
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done));
    server.origin = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  stop(): void {
    this.#practice.stop();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

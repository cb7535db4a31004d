import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { PracticeServer } from '../../src/practice/server.ts';

/** A request to a token endpoint, as the server receives it. */
export interface SeenRequest {
  path: string;
  form: Record<string, string>;
  /** Whether the client disconnected before it had an answer. */
  cut: boolean;
}

/** The practice server behind a server of the test, which counts. Node-RED treats it like any other server. */
export class CountingServer {
  readonly practice = new PracticeServer(systemClock);
  readonly seen: SeenRequest[] = [];
  origin = '';
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const path = request.url ?? '';
      const seen: SeenRequest = { path, form: Object.fromEntries(new URLSearchParams(body)), cut: false };
      this.seen.push(seen);
      const abort = new AbortController();
      response.once('close', () => {
        seen.cut = !response.writableEnded;
        abort.abort();
        for (const look of this.#waiting) look();
      });
      try {
        const headers = {
          'content-type': request.headers['content-type'] ?? '',
          authorization: request.headers.authorization ?? '',
        };
        const hasBody = request.method === 'POST';
        const answer = await fetch((await this.practice.start()) + path, {
          method: request.method ?? 'GET',
          headers,
          signal: abort.signal,
          ...(hasBody ? { body } : {}),
        });
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(await answer.text());
      } catch {
        response.destroy();
      }
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many requests there were with these fields. */
  count(fields: Record<string, string>): number {
    return this.seen.filter(({ form }) => Object.entries(fields).every(([name, value]) => form[name] === value)).length;
  }

  /** Resolves when a request with these fields has been aborted. */
  cut(fields: Record<string, string>): Promise<void> {
    const isCut = (): boolean =>
      this.seen.some(({ form, cut }) => cut && Object.entries(fields).every(([name, value]) => form[name] === value));
    return new Promise((done) => {
      const look = (): void => {
        if (!isCut()) return;
        this.#waiting.delete(look);
        done();
      };
      this.#waiting.add(look);
      look();
    });
  }

  stop(): void {
    this.practice.stop();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

/** The behavior of a raw server for a request on a connection. */
export type RawAnswer = (socket: Socket) => void;

/** A server that writes bytes, and may break every rule of HTTP. */
export class RawServer {
  answer: RawAnswer;
  /** The number of requests. */
  requests = 0;
  /** The number of connections. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answer: RawAnswer) {
    this.answer = answer;
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const length = /content-length: (\d+)/i.exec(text);
        const head = text.indexOf('\r\n\r\n');
        if (head < 0 || text.length < head + 4 + Number(length?.[1] ?? 0)) return;
        text = '';
        this.requests += 1;
        this.answer(socket);
      });
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get host(): string {
    return new URL(this.origin).host;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  start(): Promise<void> {
    return new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

/** The bytes of a complete reply. */
export function reply(body: string | Buffer, head: string[] = [], status = '200 OK'): Buffer {
  const bytes = Buffer.from(body);
  const lines = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${bytes.length}`,
    ...head,
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]);
}

/** A reply that grants a token, with other members in place of the usual ones. */
export function grant(more: object = {}): string {
  return JSON.stringify({ access_token: 'a-token', token_type: 'bearer', expires_in: 300, scope: 'a', ...more });
}

import { Worker } from 'node:worker_threads';

/** Runs in a thread of its own, so that the measurement of the client does not include the server's work. */
const SERVER = `
const { createServer } = require('node:http');
const { parentPort } = require('node:worker_threads');
let requests = 0;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    requests += 1;
    const body = JSON.stringify({
      access_token: 'token-' + requests + '-' + 'x'.repeat(1000), expires_in: 300, refresh_expires_in: 0,
      token_type: 'bearer', 'not-before-policy': 0, scope: 'cards:write network-tokens:write user_id service-account',
    });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => parentPort.postMessage(requests));
`;

/** A token endpoint in another thread. It grants every request. */
export class TokenServer {
  readonly tokenUrl: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.tokenUrl = `http://127.0.0.1:${port}/token`;
  }

  static async start(): Promise<TokenServer> {
    const worker = new Worker(SERVER, { eval: true });
    const port = await new Promise<number>((done) => worker.once('message', done));
    return new TokenServer(worker, port);
  }

  /** The number of requests. */
  async requests(): Promise<number> {
    const answer = new Promise<number>((done) => this.#worker.once('message', done));
    this.#worker.postMessage('how many?');
    return answer;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

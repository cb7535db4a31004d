import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PROJECT } from '../project.ts';

/** The number of characters of the tokens that the server gives. */
export const LENGTHS = { access_token: 1_200, refresh_token: 64, VGToken: 300 };

/** Runs in a thread of its own, so that the measurement of the client does not include the server's work. */
const SERVER = `
const { createServer } = require('node:http');
const { randomBytes } = require('node:crypto');
const { parentPort, workerData: { lengths, granted, challenged } } = require('node:worker_threads');
const unique = (length) => randomBytes(Math.ceil(length / 2)).toString('hex').slice(0, length);
const challenges = new Map();
function grant() {
  const VGResponse = { ...granted.VGResponse, VGToken: unique(lengths.VGToken) };
  const tokens = { access_token: unique(lengths.access_token), refresh_token: unique(lengths.refresh_token) };
  return { ...granted, ...tokens, expires_in: 86400, VGResponse };
}
function challenge(waiting) {
  const reply = structuredClone(challenged);
  const id = waiting ?? unique(32);
  const { AuthenticationResponse } = reply.VGResponse;
  reply.VGResponse.RequestId = AuthenticationResponse.RequestId = id;
  for (const method of AuthenticationResponse.MFAAvailables) method.RequestId = id;
  if (waiting === undefined) return reply;
  // The code is on its way.
  for (const state of [reply.VGResponse.AuthenticationState, AuthenticationResponse]) {
    state.Status = 1048577;
    state.IsMFAWaitingUserAction = true;
    state.IsMFAAuthenticationRequired = false;
  }
  reply.VGResponse.AuthenticationStatus = 'Failure, MFA_WaitingUserAction';
  return reply;
}
function answer(form) {
  if (form.get('MFASecureCode') !== null) return [200, grant()];
  const id = form.get('AuthenticationRequestId');
  if (id !== null) return [400, challenge(id)];
  return (form.get('Username') ?? '').startsWith('code-') ? [400, challenge()] : [200, grant()];
}
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (part) => { text += part; }).on('end', () => {
    const [status, reply] = answer(new URLSearchParams(text));
    const body = JSON.stringify(reply);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/**
 * A Visual Guard server in another thread, which answers at once with tokens of a usual length. It asks users whose name
 * begins with `code-` for a code and takes any, and signs all others in without one.
 */
export class VisualGuardServer {
  readonly url: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<VisualGuardServer> {
    const [granted, challenged] = ['vg-success', 'vg-mfa-required'].map((name) =>
      JSON.parse(readFileSync(join(PROJECT, `test/fixtures/${name}.json`), 'utf8')),
    );
    const worker = new Worker(SERVER, { eval: true, workerData: { lengths: LENGTHS, granted, challenged } });
    const port = await new Promise<number>((done) => worker.once('message', done));
    return new VisualGuardServer(worker, port);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

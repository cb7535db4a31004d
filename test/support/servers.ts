import type { ServerResponse } from 'node:http';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { freePort } from './free-port.ts';

/** A request as a test server received it. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The names of the headers, spelled as in the request. */
  headerNames: string[];
  text: string;
  form: URLSearchParams;
  /** The name in the client's certificate, if there is one. */
  client?: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | object;
}

/** Answers a request, or returns nothing and handles the response itself. */
export type Answerer = (
  request: Received,
  response: ServerResponse,
) => Answer | undefined | Promise<Answer | undefined>;

/** A server on loopback. */
export interface TestServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT` */
  readonly origin: string;
  /** `host:port` as in the address. */
  readonly host: string;
  readonly requests: Received[];
  /** The answer from now on. */
  answer: Answerer;
  close(): Promise<void>;
}

const open = new Set<TestServer>();

/** Starts a server that runs until the test is over. */
export async function serve(
  answer: Answerer,
  options: { tls?: ServerOptions; port?: number } = {},
): Promise<TestServer> {
  const requests: Received[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void receive(request).then(async (received) => {
      requests.push(received);
      const said = await test.answer(received, response);
      if (said) send(response, said);
    });
  };
  const server: Server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener);
  server.on('tlsClientError', () => undefined);
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const host = options.tls ? `localhost:${port}` : `127.0.0.1:${port}`;
  const test: TestServer = {
    port,
    host,
    origin: `${options.tls ? 'https' : 'http'}://${host}`,
    requests,
    answer,
    close: () => {
      open.delete(test);
      return shut(server);
    },
  };
  open.add(test);
  return test;
}

/** Ends every server that a test left open. */
export async function closeServers(): Promise<void> {
  await Promise.all([...open].map((server) => server.close()));
}

/** A port of loopback on which nothing listens. */
export function closedPort(): Promise<number> {
  return freePort();
}

export function listen(server: Server, port = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // A busy machine accepts late, and 511 waiting connections are too few for a thousand people.
    server.listen(port, '127.0.0.1', 4_096, resolve);
  });
}

export function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Answers every request like this. */
export function always(answer: Answer): Answerer {
  return () => answer;
}

/** Answers with these, one after the other. The last one is repeated. */
export function inTurn(...answers: Answer[]): Answerer {
  return () => (answers.length > 1 ? answers.shift() : answers[0]);
}

/** Never answers. */
export const silent: Answerer = () => undefined;

async function receive(request: IncomingMessage): Promise<Received> {
  let text = '';
  for await (const chunk of request) text += chunk;
  const certificate = (request.socket as TLSSocket).getPeerCertificate?.();
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    headerNames: request.rawHeaders.filter((_, index) => index % 2 === 0),
    text,
    form: new URLSearchParams(text),
    ...(certificate?.subject ? { client: String(certificate.subject.CN) } : {}),
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { ...(isText ? {} : { 'content-type': 'application/json' }), ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

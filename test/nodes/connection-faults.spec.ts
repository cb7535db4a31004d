import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { certificates, type KeyPair } from '../support/certificates.ts';
import { assertFault } from '../support/faults.ts';
import type { Arrival, FlowNode } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { serveProxy } from '../support/proxy-server.ts';
import { type Flow, load } from '../support/runtime.ts';
import { closedPort, serve } from '../support/servers.ts';
import { serveStrictTls } from '../support/strict-tls-server.ts';
import { grantsInTurn, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

/** A fault of the connection to a server. */
interface Trouble {
  /** The port of the server on this machine. */
  port: number;
  proxy?: string;
  /** Fixes the fault, as the operators of server or proxy do. Nothing is deployed. */
  mend(): Promise<unknown>;
}

const made = certificates();
const serveAt = (port: number, pair: KeyPair = made.server) => serve(grantsInTurn(), { port, tls: pair });

/** A server with an invalid certificate at first. */
async function wrongCertificate(pair: KeyPair): Promise<Trouble> {
  const server = await serveAt(0, pair);
  return { port: server.port, mend: () => server.close().then(() => serveAt(server.port)) };
}

/** A proxy that answers like this at first, in front of a server that works. */
async function refusingProxy(status: number): Promise<Trouble> {
  const [server, proxy] = [await serveAt(0), await serveProxy()];
  proxy.status = status;
  return {
    port: server.port,
    proxy: proxy.url,
    mend: async () => {
      proxy.status = 200;
    },
  };
}

const TROUBLES: [name: string, code: string, begin: () => Promise<Trouble>][] = [
  [
    'a connection that is refused',
    'AUTH_NETWORK',
    async () => {
      const port = await closedPort();
      return { port, mend: () => serveAt(port) };
    },
  ],
  [
    'a server that takes the connection and says nothing',
    'AUTH_TIMEOUT',
    async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
      const port = await closedPort();
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      const close = (): Promise<void> =>
        new Promise((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        });
      return { port, mend: () => close().then(() => serveAt(port)) };
    },
  ],
  ['a certificate that has expired', 'AUTH_TLS', () => wrongCertificate(made.expired)],
  ['a certificate of another name', 'AUTH_TLS', () => wrongCertificate(made.wrongName)],
  [
    'a server that wants a client certificate',
    'AUTH_TLS',
    async () => {
      const server = await serveStrictTls(made.server, made.ca);
      return { port: server.port, mend: () => server.close().then(() => serveAt(server.port)) };
    },
  ],
  ['a proxy that wants a login', 'AUTH_PROXY', () => refusingProxy(407)],
  ['a proxy that answers 502', 'AUTH_PROXY', () => refusingProxy(502)],
  [
    'a proxy that is gone',
    'AUTH_PROXY',
    async () => {
      const [server, port] = [await serveAt(0), await closedPort()];
      return {
        port: server.port,
        proxy: `http://127.0.0.1:${port}`,
        mend: () => serveProxy(undefined, undefined, port),
      };
    },
  ],
];

function flowOf({ port, proxy }: Trouble): FlowNode[] {
  const ids = { tls: 'tls', ...(proxy ? { proxy: 'proxy' } : {}) };
  return [
    { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
    ...(proxy ? [{ id: 'proxy', type: 'http proxy', name: '', url: proxy, noproxy: [] }] : []),
    ...vgsFlow(`https://localhost:${port}/token`, ids),
  ];
}
const CREDENTIALS = { ...VGS_CREDENTIALS, tls: { cadata: made.ca } };

/** Open connections of this process, including those of its servers. */
const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

/** The result of the message with this payload. An earlier message may have ended with its node, or not. */
async function outcomeOf(flow: Flow, payload: string): Promise<Arrival> {
  flow.send('get', { payload });
  for (;;) {
    const arrival = await flow.next();
    if (arrival.msg.payload === payload) return arrival;
  }
}

describe('a fault of the connection to a server', () => {
  for (const [name, code, begin] of TROUBLES) {
    it(`${name}: ${code}; works without a deploy after it is fixed, and nothing is left open`, async () => {
      const before = sockets();
      const trouble = await begin();
      const time = holdTime();
      const flow = await load(flowOf(trouble), CREDENTIALS);
      assertFault(await time.until(flow.ask('get')), code, `localhost:${trouble.port}`);

      await trouble.mend();
      assert.equal((await time.until(flow.ask('get'))).at, 'token');

      await flow.deploy([]);
      await until(() => sockets() <= before);
      assert.equal(time.waiting, 0, 'no timer is left');
    });

    it(`${name}, and a deploy in the middle of it: the next message works after it is fixed, and nothing is left open`, async () => {
      const before = sockets();
      const trouble = await begin();
      const time = holdTime();
      const nodes = flowOf(trouble);
      const flow = await load(nodes, CREDENTIALS);
      flow.send('get', { payload: 'first' });
      await flow.deploy(nodes);
      await time.until(outcomeOf(flow, 'second'));

      await trouble.mend();
      assert.equal((await time.until(outcomeOf(flow, 'third'))).at, 'token');

      await flow.deploy([]);
      await until(() => sockets() <= before);
      assert.equal(time.waiting, 0, 'no timer is left');
    });
  }
});

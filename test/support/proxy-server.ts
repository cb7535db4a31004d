import { createServer, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { listen, shut } from './servers.ts';

/** A CONNECT that a test proxy got. */
export interface Connected {
  /** `host:port` */
  target: string;
  authorization: string | undefined;
}

/** An HTTP proxy on loopback that tunnels. */
export interface ProxyServer {
  readonly url: string;
  readonly port: number;
  readonly connected: Connected[];
  /** The status of its answer to CONNECT; 200 opens the tunnel. */
  status: number;
  /** The port of this machine to which it forwards plain http. Without one it answers 501. */
  forward?: number;
  close(): Promise<void>;
}

const open = new Set<ProxyServer>();

/** Starts a proxy that runs until the test is over. With a user, it answers 407 to anybody else. */
export async function serveProxy(user?: string, password?: string, at = 0): Promise<ProxyServer> {
  const connected: Connected[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    if (proxy.forward === undefined) {
      response.writeHead(501).end();
      return;
    }
    const forwarded = sendRequest({ host: '127.0.0.1', port: proxy.forward, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  const wanted = user && `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  server.on('connect', (request, socket: Socket) => {
    const authorization = request.headers['proxy-authorization'];
    connected.push({ target: request.url ?? '', authorization });
    socket.on('error', () => socket.destroy());
    const status = wanted && authorization !== wanted ? 407 : proxy.status;
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const [, port] = (request.url ?? '').split(':');
    const target = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const each of [socket, target]) sockets.add(each);
    target.on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
  });
  await listen(server, at);
  const { port } = server.address() as AddressInfo;
  const proxy: ProxyServer = {
    port,
    url: `http://127.0.0.1:${port}`,
    connected,
    status: 200,
    close: () => {
      open.delete(proxy);
      for (const socket of sockets) socket.destroy();
      return shut(server);
    },
  };
  open.add(proxy);
  return proxy;
}

export async function closeProxies(): Promise<void> {
  await Promise.all([...open].map((proxy) => proxy.close()));
}

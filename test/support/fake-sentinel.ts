import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A Sentinel that a test controls: it returns the address of the primary, and announces a new primary. */
export class FakeSentinel {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #subscribers = new Set<Socket>();
  readonly #held: (() => void)[] = [];
  #primary: number;
  #isHeld = false;
  #isRefusing = false;
  /** How many subscriptions were refused. */
  refused = 0;

  private constructor(server: Server, primary: number) {
    this.#server = server;
    this.#primary = primary;
    server.on('connection', (socket) => this.#join(socket));
  }

  /** @param primary the port of the primary */
  static async start(primary: number): Promise<FakeSentinel> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sentinel = new FakeSentinel(server, primary);
    running.add(sentinel);
    return sentinel;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The number of connections that wait for the report of a fail-over. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** The number of requests that wait for an answer. */
  get held(): number {
    return this.#held.length;
  }

  /** Does not return the address of the primary until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** Reports a fail-over. @param primary the port of the new primary */
  switchTo(primary: number): void {
    this.#primary = primary;
    const message = bulk('message') + bulk('+switch-master') + bulk(`main 127.0.0.1 1 127.0.0.1 ${primary}`);
    for (const socket of this.#subscribers) socket.write(`*3\r\n${message}`);
  }

  /** Ends the connections that receive reports of fail-overs, and accepts no more subscriptions. */
  dropSubscribers(): void {
    this.#isRefusing = true;
    for (const socket of this.#subscribers) socket.destroy();
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#subscribers.delete(socket);
    });
    let rest = '';
    socket.on('data', (chunk) => {
      rest += chunk;
      // A command is an array of bulk strings, which have no line breaks here.
      for (;;) {
        const lines = rest.split('\r\n');
        const words = Number(/^\*(\d+)$/.exec(lines[0] ?? '')?.[1]);
        if (!words || lines.length <= 2 * words + 1) return;
        rest = lines.slice(2 * words + 1).join('\r\n');
        this.#answer(
          socket,
          lines.slice(0, 2 * words + 1).filter((_line, at) => at > 0 && at % 2 === 0),
        );
      }
    });
  }

  #answer(socket: Socket, [command = '', argument = '', ...more]: string[]): void {
    const name = command.toLowerCase();
    if (name === 'subscribe' && this.#isRefusing) {
      this.refused += 1;
      socket.write('-ERR refused by the test\r\n');
    } else if (name === 'subscribe') {
      this.#subscribers.add(socket);
      socket.write(`*3\r\n${bulk('subscribe')}${bulk(argument)}:1\r\n`);
    } else if (name === 'sentinel' && argument.toLowerCase() === 'get-master-addr-by-name') {
      const answer = (): void => {
        const found = more[0] === 'main' ? `*2\r\n${bulk('127.0.0.1')}${bulk(String(this.#primary))}` : '*-1\r\n';
        socket.write(found);
      };
      if (this.#isHeld) this.#held.push(answer);
      else answer();
    } else if (name === 'sentinel') socket.write('*0\r\n');
    else socket.write('+OK\r\n');
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

const running = new Set<FakeSentinel>();

export function endSentinels(): void {
  for (const sentinel of running) sentinel.end();
  running.clear();
}

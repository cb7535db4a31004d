import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';

/** A wire to a server on this machine, which a test cuts, freezes or slows. */
export class Wire {
  readonly port: number;
  readonly #server: Server;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  readonly #held: (() => void)[] = [];
  #isFrozen = false;
  #isCut = false;
  #connections = 0;

  private constructor(server: Server, to: number) {
    this.#server = server;
    this.#to = to;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#join(socket));
  }

  /** @param to the port of the server */
  static async to(to: number): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire(server, to);
    wires.add(wire);
    return wire;
  }

  /** The number of current connections. */
  get open(): number {
    return [...this.#sockets].length / 2;
  }

  /** The number of connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Ends all connections, and every new one at once. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Delivers nothing, and ends no connection, like a broken network. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Works again as before, and delivers what was held up. */
  mend(): void {
    this.#isCut = false;
    this.#isFrozen = false;
    for (const deliver of this.#held.splice(0)) deliver();
  }

  /** The number of pieces that are held up. */
  get heldUp(): number {
    return this.#held.length;
  }

  /** Delivers this one of the pieces that are held up. */
  deliver(index: number): void {
    for (const piece of this.#held.splice(index, 1)) piece();
  }

  end(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket): void {
    this.#connections += 1;
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = tcpConnect(this.#to, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => {
        if (this.#isFrozen) this.#held.push(() => to.write(chunk));
        else to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}

const wires = new Set<Wire>();

export function endWires(): void {
  for (const wire of wires) wire.end();
  wires.clear();
}

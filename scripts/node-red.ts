import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'undici';

/** The project's own folder. */
export const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const PACKAGE = '@vg-auth/node-red-vg-auth';

/** The two Node-REDs of devDependencies. */
export type NodeRedVersion = 'node-red' | 'node-red-5';

/** A message that a debug node sent to the sidebar. */
export interface DebugMessage {
  id: string;
  name?: string;
  msg: string;
  format?: string;
  path?: string;
}

export interface NodeRedOptions {
  version: NodeRedVersion;
  userDir: string;
  port: number;
  /** Lines of settings.js beside the usual ones. */
  settings?: Record<string, unknown>;
  /** The Node.js to run it with; this one where none is given. */
  node?: string;
  environment?: Record<string, string>;
}

/** The major versions of Node.js that each Node-RED is tested on. Node-RED 5 needs Node.js 22.9 or later. */
export const NODE_VERSIONS: Readonly<Record<NodeRedVersion, readonly number[]>> = {
  'node-red': [20, 22, 24],
  'node-red-5': [22, 24, 26],
};

/** Whether a Node-RED is tested on a Node.js. @param node as `process.version` gives it */
export function runsOn(version: NodeRedVersion, node: string): boolean {
  return NODE_VERSIONS[version].includes(Number(node.replace('v', '').split('.')[0]));
}

/** What the package put into the environment of this process is about another Node-RED. */
function withoutOwnAddresses({
  VG_AUTH_NODE_RED_URL,
  VG_AUTH_PRACTICE_URL,
  ...rest
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return rest;
}

/** A free port of this machine. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Makes a user directory in which this project is installed, by a link to its folder. */
export function linkProject(userDir: string): void {
  const scope = join(userDir, 'node_modules', dirname(PACKAGE));
  mkdirSync(scope, { recursive: true });
  const link = join(userDir, 'node_modules', PACKAGE);
  rmSync(link, { recursive: true, force: true });
  symlinkSync(PROJECT, link, 'junction');
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'practice', private: true, dependencies: { [PACKAGE]: '*' } }),
  );
}

/** A Node-RED in a process of its own, as a user has it. */
export class NodeRed {
  readonly url: string;
  /** Everything that it printed. */
  log = '';
  readonly #process: ChildProcess;
  readonly #sockets = new Set<WebSocket>();
  readonly #exited: Promise<number | null>;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
    this.#exited = new Promise((done) => process.once('exit', done));
    const collect = (chunk: Buffer): void => {
      this.log += chunk.toString();
    };
    process.stdout?.on('data', collect);
    process.stderr?.on('data', collect);
  }

  /** @throws Error with what it printed, where it does not come up */
  static async start(options: NodeRedOptions): Promise<NodeRed> {
    const { version, userDir, port } = options;
    mkdirSync(userDir, { recursive: true });
    const settings = {
      uiHost: '127.0.0.1',
      uiPort: port,
      // Absolute: a relative one would be taken from the current directory.
      flowFile: join(userDir, 'flows.json'),
      credentialSecret: randomBytes(16).toString('hex'),
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...options.settings,
    };
    writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);
    const main = join(dirname(createRequire(import.meta.url).resolve(`${version}/package.json`)), 'red.js');
    const child = spawn(options.node ?? process.execPath, [main, '-u', userDir, '-s', join(userDir, 'settings.js')], {
      env: { ...withoutOwnAddresses(process.env), ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const nodeRed = new NodeRed(`http://127.0.0.1:${port}/`, child);
    // On a loaded machine the flows are there before its port is.
    await nodeRed.#logged(() => nodeRed.#starts() > 0 && nodeRed.log.includes('Server now running at'));
    return nodeRed;
  }

  /** Calls the admin API. @throws Error where it does not answer with 2xx */
  async admin(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        'node-red-api-version': 'v2',
        accept: 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  }

  /** Deploys these flows, all of them anew, and waits until they have started. */
  async deploy(flows: object[], type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const before = this.#starts();
    await this.admin('flows', { flows }, { 'node-red-deployment-type': type });
    await this.#logged(() => this.#starts() > before);
  }

  /** Clicks an inject node. */
  async inject(id: string): Promise<void> {
    await this.admin(`inject/${id}`, {});
  }

  /** Calls back with every message of a debug node, once it is listening. @returns a function that ends it */
  onDebug(listener: (message: DebugMessage) => void): Promise<() => void> {
    return this.onPacket(({ topic, data }) => {
      if (topic === 'debug') listener(data as DebugMessage);
    });
  }

  /** Calls back with everything that the editor is told: debug messages, status, notifications. @returns as `onDebug` */
  async onPacket(listener: (packet: { topic: string; data: unknown }) => void): Promise<() => void> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}comms`);
    this.#sockets.add(socket);
    socket.addEventListener('message', ({ data }) => {
      const packets: unknown = JSON.parse(String(data));
      for (const packet of Array.isArray(packets) ? packets : [packets]) listener(packet);
    });
    await new Promise((done, failed) => {
      socket.addEventListener('open', done, { once: true });
      socket.addEventListener('error', failed, { once: true });
    });
    for (const topic of ['debug', 'status/#', 'notification/#']) socket.send(JSON.stringify({ subscribe: topic }));
    return () => socket.close();
  }

  /** The next message of the debug node with this name. @throws Error after `wait` ms, with the log */
  async nextDebug(name: string, trigger: () => Promise<void>, wait = 15_000): Promise<DebugMessage> {
    let stop = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    try {
      const found = new Promise<DebugMessage>((done, failed) => {
        timer = setTimeout(() => failed(new Error(`nothing came from "${name}". Node-RED said:\n${this.log}`)), wait);
        const listening = this.onDebug((message) => {
          if (message.name === name) done(message);
        });
        listening
          .then((stopListening) => {
            stop = stopListening;
            return trigger();
          })
          .catch(failed);
      });
      return await found;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Stops it as Ctrl-C does. @returns its exit code */
  async stop(): Promise<number | null> {
    for (const socket of this.#sockets) socket.close();
    this.#process.kill('SIGINT');
    return this.#exited;
  }

  /** Ends it in the middle of whatever it does, as `kill -9` does. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** How often the flows were started. The admin API answers a deploy before they are. */
  #starts(): number {
    return this.log.match(/Started (modified )?(flows|nodes)/g)?.length ?? 0;
  }

  #logged(isThere: () => boolean): Promise<void> {
    return new Promise((done, failed) => {
      const look = (): void => {
        if (!isThere()) return;
        this.#process.stdout?.off('data', look);
        done();
      };
      this.#process.stdout?.on('data', look);
      this.#exited.then((code) => failed(new Error(`Node-RED ended with ${code}:\n${this.log}`)));
      look();
    });
  }
}

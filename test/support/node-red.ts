import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { WebSocket } from 'undici';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { freePort } from './free-port.ts';

const PACKAGE = '@vg-auth/node-red-vg-auth';

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
  /** A free port is used if there is none. */
  port?: number;
  /** Settings in addition to the usual ones. */
  settings?: Record<string, unknown>;
  /** The Node.js to run it with; the one of this process if none is given. */
  node?: string;
  environment?: Record<string, string>;
  /** The file to which its output is written, without delay. */
  output?: NodeJS.WritableStream;
  /** Whether its user directory is read-only. Root can write anyway, so it runs as another user then. */
  isReadOnly?: boolean;
}

/** The user and group "nobody". */
const NOBODY = 65_534;

/** Removes the permission to write from a directory and everything in it. Links are not followed. */
function makeReadOnly(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) makeReadOnly(child);
    else if (entry.isFile()) chmodSync(child, 0o444);
  }
  chmodSync(path, 0o555);
}

/** Without the variables that the package set in this process: they have the addresses of another Node-RED. */
function withoutOwnAddresses({
  VG_AUTH_NODE_RED_URL,
  VG_AUTH_PRACTICE_URL,
  ...rest
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return rest;
}

/** Makes a user directory in which this project, or a copy of it, is installed, as a link to its folder. */
export function linkProject(userDir: string, project = PROJECT): void {
  const scope = join(userDir, 'node_modules', dirname(PACKAGE));
  mkdirSync(scope, { recursive: true });
  const link = join(userDir, 'node_modules', PACKAGE);
  rmSync(link, { recursive: true, force: true });
  symlinkSync(project, link, 'junction');
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'practice', private: true, dependencies: { [PACKAGE]: '*' } }),
  );
}

/** A Node-RED in a process of its own, as users run it. */
export class NodeRed {
  readonly url: string;
  /** Everything that it printed. */
  log = '';
  readonly #process: ChildProcess;
  readonly #sockets = new Set<WebSocket>();
  readonly #exited: Promise<number | null>;

  private constructor(url: string, process: ChildProcess, output?: NodeJS.WritableStream) {
    this.url = url;
    this.#process = process;
    this.#exited = new Promise((done) => process.once('exit', done));
    const collect = (chunk: Buffer): void => {
      this.log += chunk.toString();
      output?.write(chunk);
    };
    process.stdout?.on('data', collect);
    process.stderr?.on('data', collect);
  }

  /** A Node-RED that another program has started. @param process prints its log */
  static at(url: string, process: ChildProcess): NodeRed {
    return new NodeRed(url, process);
  }

  /** @throws Error with its output, if it does not start */
  static async start(options: NodeRedOptions): Promise<NodeRed> {
    if (options.port !== undefined) return NodeRed.#startAt(options.port, options);
    for (;;) {
      try {
        return await NodeRed.#startAt(await freePort(), options);
      } catch (thrown) {
        // Another program may take a free port before Node-RED, which opens it some seconds after it was chosen.
        if (!String(thrown).includes('port in use')) throw thrown;
      }
    }
  }

  static async #startAt(port: number, options: NodeRedOptions): Promise<NodeRed> {
    const { version, userDir } = options;
    mkdirSync(userDir, { recursive: true });
    const settings = {
      uiHost: '127.0.0.1',
      uiPort: port,
      // Absolute, because a relative one refers to the current directory.
      flowFile: join(userDir, 'flows.json'),
      credentialSecret: randomBytes(16).toString('hex'),
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...options.settings,
    };
    writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);
    if (options.isReadOnly) makeReadOnly(userDir);
    const main = join(dirname(createRequire(import.meta.url).resolve(`${version}/package.json`)), 'red.js');
    const child = spawn(options.node ?? process.execPath, [main, '-u', userDir, '-s', join(userDir, 'settings.js')], {
      env: { ...withoutOwnAddresses(process.env), ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.isReadOnly && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    const nodeRed = new NodeRed(`http://127.0.0.1:${port}/`, child, options.output);
    // On a busy machine, the flows can start before the port is open.
    await nodeRed.#logged(() => nodeRed.#starts() > 0 && nodeRed.log.includes('Server now running at'));
    return nodeRed;
  }

  /** Calls the admin API. @throws Error if the response is not 2xx */
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

  /** Deploys these flows and waits until they have started. */
  async deploy(flows: object[], type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const before = this.#starts();
    await this.admin('flows', { flows }, { 'node-red-deployment-type': type });
    await this.#logged(() => this.#starts() > before);
  }

  /**
   * Deletes everything that is known about users of a server. Without it, a user who got a code in an earlier test gets no
   * other one for 30 s.
   */
  async forget(server: string, users: string[]): Promise<void> {
    for (const user of users) await this.admin('vg-auth/sessions/sign-out', { server, user });
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

  /** Calls back with everything that Node-RED sends to the editor: debug messages, status, notifications. @returns as `onDebug` */
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
  async nextDebug(name: string, trigger: () => Promise<void>, wait = 90_000): Promise<DebugMessage> {
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

  /** Ends it at once, as `kill -9` does. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** How often the flows were started. The admin API responds to a deploy before they have started. */
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

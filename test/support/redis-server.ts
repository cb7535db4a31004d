import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';

/** A real `redis-server` on a free port of this machine, with nothing in it. */
export interface RedisServer {
  readonly port: number;
  /** A client of the test's own, as the user who may do everything. */
  readonly admin: Redis;
  /** Ends the process, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Stands still without closing a connection, until `resume`. */
  pause(): void;
  resume(): void;
}

const COMMAND = process.env.REDIS_SERVER ?? 'redis-server';
const running = new Set<{ end(): Promise<void> }>();

/**
 * @param settings lines of a redis.conf
 * @param asAdmin how the test's own client connects
 */
export async function startRedis(settings: readonly string[] = [], asAdmin: RedisOptions = {}): Promise<RedisServer> {
  const dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-redis-'));
  const port = await freePort();
  const isTls = asAdmin.tls !== undefined;
  const ports = isTls ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
  const lines = ['bind 127.0.0.1 -::1', ...ports, 'save ""', 'appendonly no', `dir ${dir}`, ...settings];
  writeFileSync(path.join(dir, 'redis.conf'), `${lines.join('\n')}\n`);
  let process = await launch(dir);
  const connect = (): Redis => {
    const client = new Redis({ host: isTls ? 'localhost' : '127.0.0.1', port, lazyConnect: true, ...asAdmin });
    client.on('error', () => undefined);
    return client;
  };
  let admin = connect();
  const kill = async (): Promise<void> => {
    admin.disconnect();
    if (process.exitCode !== null || process.signalCode !== null) return;
    process.kill('SIGCONT');
    process.kill('SIGKILL');
    await once(process, 'exit');
  };
  const server = {
    port,
    get admin() {
      return admin;
    },
    kill,
    async restart() {
      await kill();
      process = await launch(dir);
      admin = connect();
    },
    pause: () => void process.kill('SIGSTOP'),
    resume: () => void process.kill('SIGCONT'),
    async end() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  running.add(server);
  return server;
}

/** Ends every server that a test started. */
export async function endRedis(): Promise<void> {
  const all = [...running];
  running.clear();
  await Promise.all(all.map((each) => each.end()));
}

async function launch(dir: string): Promise<ChildProcess> {
  const child = spawn(COMMAND, [path.join(dir, 'redis.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk;
      if (said.includes('Ready to accept connections')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', () => {
      const where = COMMAND === 'redis-server' ? 'in the PATH' : `at ${COMMAND}`;
      reject(
        new Error(`There is no redis-server ${where}: apt-get install redis-server, or name another in REDIS_SERVER.`),
      );
    });
    child.once('exit', (code) => reject(new Error(`redis-server ended at once (${code}): ${said}`)));
  });
  return child;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

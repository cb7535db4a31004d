import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort } from './free-port.ts';

/** A real `redis-server` on a free port of this machine, with nothing in it. */
export interface RedisServer {
  readonly port: number;
  /** A client of the test itself, as the user with all permissions. */
  readonly admin: Redis;
  /** Ends the process, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Stops answering until `resume`, without closing a connection. */
  pause(): void;
  resume(): void;
}

const COMMAND = process.env.REDIS_SERVER ?? 'redis-server';
const running = new Set<{ end(): Promise<void> }>();

/** Options for the start of a server. */
export interface RedisStart {
  /** Whether to start a Sentinel instead of a server. */
  isSentinel?: boolean;
  /** For a server that is not on a free port chosen by the tests. */
  port?: number;
}

/**
 * @param settings lines of a redis.conf
 * @param asAdmin how the test's own client connects
 */
export async function startRedis(
  settings: readonly string[] = [],
  asAdmin: RedisOptions = {},
  { isSentinel = false, port: fixedPort }: RedisStart = {},
): Promise<RedisServer> {
  const dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-redis-'));
  const port = fixedPort ?? (await freePort());
  const isTls = asAdmin.tls !== undefined;
  const ports = isTls ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
  const kept = isSentinel ? [] : ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0'];
  const lines = ['bind 127.0.0.1 -::1', ...ports, ...kept, `dir ${dir}`, ...settings];
  writeFileSync(path.join(dir, 'redis.conf'), `${lines.join('\n')}\n`);
  let process = await launch(dir, isSentinel);
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
      process = await launch(dir, isSentinel);
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

async function launch(dir: string, isSentinel: boolean): Promise<ChildProcess> {
  const args = [path.join(dir, 'redis.conf'), ...(isSentinel ? ['--sentinel'] : [])];
  const child = spawn(COMMAND, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk;
      if (/Ready to accept connections|Sentinel ID is/.test(said)) resolve();
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

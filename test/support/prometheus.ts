import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const ADVICE = 'It is in Debian\'s package "prometheus": apt-get install --no-install-recommends prometheus';

/** Runs promtool. @throws Error with its output, if it finds a fault */
export function promtool(args: readonly string[], input = ''): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 60_000 });
  if (error) throw new Error(`promtool cannot run (${error.message}). ${ADVICE}`);
  // Lint of metrics is on stderr.
  if (status !== 0 || stderr !== '') throw new Error(`promtool ${args.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** A real Prometheus on a free port of this machine. */
export class Prometheus {
  readonly #url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.#url = url;
    this.#process = process;
  }

  /** @param dir the folder of its configuration `prometheus.yml`, in which it may write */
  static async start(dir: string): Promise<Prometheus> {
    const address = `127.0.0.1:${await freePort()}`;
    const args = [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn('prometheus', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    let failure: Error | undefined;
    child.once('error', ({ message }) => {
      failure = new Error(`prometheus cannot run (${message}). ${ADVICE}`);
    });
    child.once('exit', (code) => {
      failure ??= new Error(`prometheus ended with ${code}: ${said}`);
    });
    await until(() => {
      if (failure) throw failure;
      return said.includes('Server is ready to receive web requests');
    });
    return new Prometheus(`http://${address}/api/v1/`, child);
  }

  /** The response of its HTTP API. */
  async api<T>(path: string): Promise<T> {
    const response = await fetch(this.#url + path);
    return ((await response.json()) as { data: T }).data;
  }

  /** The values of an instant query, by the label `id`. */
  async query(expression: string): Promise<Record<string, number>> {
    interface Vector {
      result: { metric: Record<string, string>; value: [number, string] }[];
    }
    const { result } = await this.api<Vector>(`query?query=${encodeURIComponent(expression)}`);
    return Object.fromEntries(result.map(({ metric, value }) => [metric.id ?? '', Number(value[1])]));
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContextAccess } from '../../src/store/context-access.ts';

/** Node-RED's own context store in files, created like `localfilesystem`. */
interface ContextPlugin {
  open(): Promise<void>;
  close(): Promise<void>;
  get(scope: string, keys: string[], answer: (error: unknown, ...values: unknown[]) => void): void;
  set(scope: string, keys: string[], values: unknown[], answer: (error?: unknown) => void): void;
  keys(scope: string, answer: (error: unknown, keys?: unknown) => void): void;
}

const requireHere = createRequire(import.meta.url);
const requireThere = createRequire(requireHere.resolve(process.env.NODE_RED ?? 'node-red'));
const runtime = path.dirname(requireThere.resolve('@node-red/runtime/package.json'));
const SCOPE = 'store1';

/** Context files in a folder of their own, and their content. */
export class ContextFiles {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-context-'));
  #plugin: ContextPlugin | undefined;

  /** Opens them like a Node-RED that starts. */
  async open(config: object = { cache: false }): Promise<ContextAccess> {
    const make = requireThere(path.join(runtime, 'lib/nodes/context/localfilesystem.js')) as (
      c: object,
    ) => ContextPlugin;
    const plugin = make({ dir: this.dir, ...config, settings: {} });
    await plugin.open();
    this.#plugin = plugin;
    return {
      get: (keys, answer) => plugin.get(SCOPE, keys, answer),
      set: (keys, values, answer) => plugin.set(SCOPE, keys, values, answer),
      keys: (answer) => plugin.keys(SCOPE, answer),
    };
  }

  /** The content of all files, as one text. */
  content(): string {
    const files = readdirSync(this.dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    return files.map(({ parentPath, name }) => readFileSync(path.join(parentPath, name), 'utf8')).join('\n');
  }

  /** Closes them like a Node-RED that stops. */
  async close(): Promise<void> {
    await this.#plugin?.close();
  }

  async end(): Promise<void> {
    await this.#plugin?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

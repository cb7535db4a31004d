import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRed } from './node-red.ts';

/** Lists the modules that a Node.js process has loaded. V8 writes the list when the process ends. */
export class LoadedModules {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vg-auth-loaded-'));

  /** The variables with which the process has to be started. */
  get environment(): Record<string, string> {
    return { NODE_V8_COVERAGE: this.#folder };
  }

  /**
   * Ends a process.
   *
   * @returns the loaded modules: the files of this project by their path from the project folder, without the extension,
   *   and the names of packages
   */
  async of(nodeRed: NodeRed): Promise<Set<string>> {
    await nodeRed.stop();
    const [file] = readdirSync(this.#folder);
    if (file === undefined) throw new Error('the process has not written what it had loaded');
    const { result } = JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as { result: { url: string }[] };
    rmSync(this.#folder, { recursive: true, force: true });
    const top = `${pathToFileURL(PROJECT)}/`;
    const found = result.flatMap(({ url }) => {
      const [, name] = /^file:.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
      if (name !== undefined) return [name];
      return url.startsWith(top) ? [url.slice(top.length).replace(/\.js$/, '')] : [];
    });
    return new Set(found);
  }
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { PROJECT } from '../../scripts/project.ts';
import { DEFAULTS } from '../support/defaults.ts';

interface Definition {
  defaults: Record<string, { value: unknown }>;
}

/** The node types that the HTML files register. */
function registered(): Map<string, Definition> {
  const found = new Map<string, Definition>();
  const RED = {
    _: (key: string) => key,
    plugins: { getPlugin: () => undefined, registerPlugin: () => undefined },
    nodes: { registerType: (type: string, definition: Definition) => found.set(type, definition) },
  };
  for (const file of readdirSync(join(PROJECT, 'nodes')).filter((name) => name.endsWith('.html'))) {
    const html = readFileSync(join(PROJECT, 'nodes', file), 'utf8');
    for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g))
      runInNewContext(script, { RED });
  }
  return found;
}

describe('the defaults of the dialogs', () => {
  it('are those of the contract', () => {
    const values = [...registered()].map(([type, { defaults }]) => [
      type,
      Object.fromEntries(Object.entries(defaults).map(([property, { value }]) => [property, value])),
    ]);
    assert.deepEqual(Object.fromEntries(values), DEFAULTS);
  });
});

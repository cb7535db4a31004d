import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeConfigNodes } from '../../scripts/merge-config-nodes.ts';
import { PROJECT } from '../../scripts/project.ts';

interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

const folder = join(PROJECT, 'examples');
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[]);

/** A node without its id, with the content of its config nodes instead of their ids. */
function contentOf(node: FlowNode, all: readonly FlowNode[]): unknown {
  const { id: _, ...content } = node;
  const referred = (value: unknown): unknown => {
    const other = all.find(({ id }) => id === value);
    return other && !('x' in other) && other.type !== 'tab' ? contentOf(other, all) : value;
  };
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, referred(value)]));
}

describe('the examples, after equal config nodes are merged', () => {
  const merged = mergeConfigNodes(examples);

  it('have no two equal config nodes', () => {
    const accounts = (flows: FlowNode[]): string[] =>
      flows
        .filter(({ type }) => type === 'vgs-account' || type === 'vg-server')
        .map((node) => JSON.stringify(contentOf(node, flows)));
    assert.ok(new Set(accounts(examples)).size < accounts(examples).length, 'the files have equal ones');
    assert.deepEqual(accounts(merged), [...new Set(accounts(examples))]);
  });

  it('have no two config nodes with the same name, which nobody could tell apart in a list', () => {
    const names = merged.filter(({ type }) => type === 'vgs-account' || type === 'vg-server').map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('have the same other nodes, with equal config nodes', () => {
    const flowNodes = (flows: FlowNode[]): unknown[] =>
      flows.filter((node) => 'x' in node).map((node) => [node.id, contentOf(node, flows)]);
    assert.deepEqual(flowNodes(merged), flowNodes(examples));
  });

  it('keep tabs, and config nodes of a flow, separate', () => {
    const own = { type: 'vgs-account', name: 'own' };
    const flows = [
      { id: 'one', type: 'tab', label: 'Flow' },
      { id: 'two', type: 'tab', label: 'Flow' },
      { id: 'first', z: 'one', ...own },
      { id: 'second', z: 'one', ...own },
    ];
    assert.deepEqual(mergeConfigNodes(flows), flows);
  });
});

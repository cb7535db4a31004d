import assert from 'node:assert/strict';
import { type FlowNode, place } from '../support/flows.ts';
import { codeOf, readPage } from '../support/pages.ts';
import { load } from '../support/runtime.ts';

/** The flow of docs/coming-from.md. Its debug nodes are places at which messages arrive; its tab, inject and Catch nodes are left out. */
function flowOfPage(): FlowNode[] {
  const nodes = JSON.parse(codeOf(readPage('docs/coming-from.md'), 'json')[0] ?? '') as FlowNode[];
  return nodes
    .filter(({ type }) => !['tab', 'inject', 'catch'].includes(type))
    .map((node) => (node.type === 'debug' ? place(node.id) : { ...node, z: node.wires ? 'tab' : '' }));
}

describe('the flow of docs/coming-from.md', () => {
  for (const path of ['/api/hello', '/api/rejects-each-token-once'])
    it(`calls ${path}, also if the API answers 401 first`, async () => {
      const flow = await load(flowOfPage());
      const origin = await flow.engine.practice.start();
      const { at, msg } = await flow.ask('from-attach', { url: `${origin}${path}` });
      assert.equal(at, 'from-answer', msg.error?.message);
      assert.equal(msg.statusCode, 200);
      assert.equal((msg.payload as { signed_in_as: string }).signed_in_as, 'practice');
    });
});

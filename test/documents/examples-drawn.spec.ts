import assert from 'node:assert/strict';
import { catalogue, TRANSLATIONS } from '../support/catalogues.ts';
import { drawingFaults } from '../support/drawing-faults.ts';
import { DASHBOARD_FLOW, EXAMPLE_FILES, type ExampleNode, readExample } from '../support/examples.ts';

const VERSIONS = ['node-red', 'node-red-5'] as const;

/** Whether the title of a comment can be understood without opening it. */
const SENTENCE = /^[A-Z]\S*(?: \S+){5,}\.$/;

const FLOWS = [
  ...EXAMPLE_FILES.map((file) => ({ file, nodes: readExample(file) })),
  { file: 'docs/dashboard-flow.json', nodes: DASHBOARD_FLOW },
];

describe('The drawing of an example', () => {
  for (const { file, nodes } of FLOWS) {
    it(`is readable: no overlap, no wire behind a node, in groups, from left to right: ${file}`, () => {
      for (const version of VERSIONS) assert.deepEqual(drawingFaults(nodes, version), [], version);
    });

    it(`says what the flow does, on the canvas and on the tab: ${file}`, () => {
      const titles = nodes.filter(({ type }) => type === 'comment').map(({ name }) => name ?? '');
      assert.equal(titles.filter((title) => SENTENCE.test(title)).length, 1, titles.join());
      const tab = nodes.find(({ type }) => type === 'tab');
      assert.match(String(tab?.info), /\S+(?: \S+){9,}/, 'the description of the tab');
    });

    it(`has a name on each node that has no label of its own: ${file}`, () => {
      const labelled = ['http in', 'split', 'json'];
      // Its nodes have the labels of the palette, which are longer in some languages: it has the space for them.
      if (file === '00 - Your first flow.json') labelled.push('inject', 'attach-bearer', 'http request');
      const unnamed = nodes.filter(({ wires, name, type }) => wires && !name && !labelled.includes(type));
      assert.deepEqual(
        unnamed.map(({ type }) => type),
        [],
      );
    });
  }

  it('has space for each label of the palette, in any language: 00 - Your first flow.json', () => {
    for (const language of TRANSLATIONS) {
      const label = catalogue(language, 'attach-bearer').get('palette.name') ?? '';
      const nodes = readExample('00 - Your first flow.json').map((node) =>
        // The width of a letter that Arial's table does not have is that of an n.
        node.type === 'attach-bearer' ? { ...node, name: label.replace(/[^\x20-\x7e]/g, 'n') } : node,
      );
      for (const version of VERSIONS) assert.deepEqual(drawingFaults(nodes, version), [], `${language} ${label}`);
    }
  });

  describe('is reported as faulty', () => {
    const file = '05 - Try again when the API says 401.json';
    const faults = (change: (node: ExampleNode) => object): string =>
      drawingFaults(
        readExample(file).map((node) => ({ ...node, ...change(node) })),
        'node-red',
      ).join('\n');

    it('if a wire runs behind a node', () => {
      const raised = (node: ExampleNode): object => (node.name === '401?' ? { y: Number(node.y) + 20 } : {});
      assert.match(faults(raised), /the wire from output 2 of "401\?" to "attach bearer" crosses /);
    });

    it('if a wire runs behind a status', () => {
      const near = (node: ExampleNode): object => (node.name === 'Sign-in needed' ? { x: Number(node.x) - 60 } : {});
      assert.match(faults(near), /crosses the status of "attach bearer"/);
    });

    it('if a node covers another one', () => {
      const covering = (node: ExampleNode): object => (node.name === '401?' ? { x: Number(node.x) - 60 } : {});
      assert.match(faults(covering), /http request "The API" covers switch "401\?"/);
    });

    it('if a node is in no group, or the group is not around it', () => {
      const alone = (node: ExampleNode): object => (node.name === '401?' ? { g: undefined } : {});
      assert.match(faults(alone), /switch "401\?" is in no group/);
      const small = ({ type }: ExampleNode): object => (type === 'group' ? { w: 100 } : {});
      assert.match(faults(small), /the group ".+" is at /);
    });

    it('if a wire goes backward and nothing says why, or a second one does', () => {
      const renamed = (node: ExampleNode): object =>
        node.type === 'group' || node.name === '401?' ? { name: 'Call the API' } : {};
      assert.match(faults(renamed), /goes backward, and nothing there says why/);
      const twice = (node: ExampleNode): object =>
        node.name === '401?' ? { wires: [node.wires?.[1], node.wires?.[1]] } : {};
      assert.match(faults(twice), /is one more wire that goes backward/);
    });

    it('if it is too wide', () => {
      const far = (node: ExampleNode): object => (node.name === 'API response' ? { x: 1000 } : {});
      assert.match(faults(far), /it is \d+ px wide/);
    });
  });
});

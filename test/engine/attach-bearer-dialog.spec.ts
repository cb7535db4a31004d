import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { Hosts } from '../../nodes/shared/bearer/hosts.ts';
import { RejectOn } from '../../nodes/shared/bearer/reject-on.ts';
import { readProperties, wholeNumber } from '../../nodes/shared/flow-node-properties.ts';
import { PROJECT } from '../../scripts/project.ts';

interface DrawnNode {
  id: string;
  type: string;
  inputs: number;
  links?: string[];
  url?: string;
}

interface Script {
  areHosts(text: unknown): boolean;
  areStatuses(text: unknown): boolean;
  isWholeNumber(value: unknown, least: number): boolean;
  mayComeFromOutside(node: DrawnNode): boolean;
}

/** The script as it runs in the editor, with this flow in the editor. */
function load(nodes: DrawnNode[] = [], wires: [from: string, to: string][] = []): Script {
  let plugin: Script | undefined;
  const find = (id: string): DrawnNode | undefined => nodes.find((each) => each.id === id);
  const RED = {
    plugins: {
      registerPlugin: (_: string, definition: Script): void => {
        plugin = definition;
      },
    },
    nodes: {
      node: find,
      filterLinks: ({ source, target }: { source?: { id: string }; target?: { id: string } }) =>
        wires
          .filter(([from, to]) => (source ? from === source.id : to === target?.id))
          .map(([from, to]) => ({ source: find(from), target: find(to) })),
    },
  };
  runInNewContext(readFileSync(join(PROJECT, 'resources/attach-bearer.js'), 'utf8'), { RED, URL });
  assert.ok(plugin);
  return plugin;
}

function isReadable(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the hosts in the dialog of attach bearer', () => {
  const { areHosts } = load();
  for (const text of [
    '',
    ' , ',
    'api.example.com',
    'a.example, b.example\n*.c.example:8443',
    'localhost:3000',
    'API.Example.com.',
    '127.0.0.1:1',
    '[::1]:80',
    '[::1]',
    'bücher.example',
    'https://api.example.com',
    'api.example.com/path',
    'me@api.example.com',
    '*',
    '*.',
    'api.*.com',
    '*.127.0.0.1',
    '*.[::1]',
    'api.example.com:',
    'api.example.com:99999',
    '::1',
    'a?b',
    'a b c/d',
    '<img src=x>',
    'exa mple',
    '%',
    'a..b',
  ])
    it(`get the same result as in the node: ${JSON.stringify(text)}`, () =>
      assert.equal(areHosts(text), isReadable(Hosts.parse, text)));

  it('may be absent, as in a flow of an earlier release', () => assert.equal(areHosts(undefined), true));
});

describe('the statuses in the dialog of attach bearer', () => {
  const { areStatuses } = load();
  for (const text of [
    '',
    ' , ',
    '401',
    '400, 403\n419',
    '499',
    '399',
    '500',
    '4O1',
    '401;403',
    '401.0',
    '-401',
    '4010',
  ])
    it(`are valid if the node accepts them: ${JSON.stringify(text)}`, () =>
      assert.equal(areStatuses(text), isReadable(RejectOn.parse, text)));

  it('may be absent, a number or a variable', () => {
    for (const value of [undefined, null, 403, '$(STATUSES)', ' $(STATUSES) ']) assert.equal(areStatuses(value), true);
    for (const value of ['$(A) 401', {}, true]) assert.equal(areStatuses(value), false);
  });
});

describe('the warning that msg.url can come from outside', () => {
  const node = (id: string, type: string, more: object = {}): DrawnNode => ({ id, type, inputs: 1, ...more });
  const httpIn = node('in', 'http in', { inputs: 0 });
  const attach = node('attach', 'attach-bearer');
  const call = node('call', 'http request', { url: '' });
  const through = [
    ['in', 'attach'],
    ['attach', 'call'],
  ] as [string, string][];

  it('is shown if messages of an http in node reach an http request node without an address', () =>
    assert.equal(load([httpIn, attach, call], through).mayComeFromOutside(attach), true));

  for (const type of ['mqtt in', 'websocket in', 'tcp in', 'telegram receiver'])
    it(`is shown for ${type}`, () =>
      assert.equal(load([{ ...httpIn, type }, attach, call], through).mayComeFromOutside(attach), true));

  for (const type of ['inject', 'catch', 'status', 'complete'])
    it(`is not shown for ${type}`, () =>
      assert.equal(load([{ ...httpIn, type }, attach, call], through).mayComeFromOutside(attach), false));

  it('is not shown if the http request node has an address', () => {
    const fixed = { ...call, url: 'https://api.example.com' };
    assert.equal(load([httpIn, attach, fixed], through).mayComeFromOutside(attach), false);
  });

  it('is not shown for a node that is only wired to the same Function node', () => {
    const side = node('side', 'debug', { outputs: 0 });
    const nodes = [httpIn, node('inject', 'inject', { inputs: 0 }), attach, call, side];
    const wires: [string, string][] = [
      ['in', 'side'],
      ['inject', 'attach'],
      ['inject', 'side'],
      ['attach', 'call'],
    ];
    assert.equal(load(nodes, wires).mayComeFromOutside(attach), false);
  });

  it('is shown if there are nodes in between, junctions, or links of either kind', () => {
    const nodes = [
      httpIn,
      node('way', 'function'),
      node('junction', 'junction'),
      node('out', 'link out', { links: ['link'] }),
      node('link', 'link in', { inputs: 0, links: ['out'] }),
      attach,
      node('called', 'link call', { links: ['there'] }),
      node('there', 'link in', { inputs: 0, links: [] }),
      call,
    ];
    const wires: [string, string][] = [
      ['in', 'way'],
      ['way', 'junction'],
      ['junction', 'out'],
      ['link', 'attach'],
      ['attach', 'called'],
      ['there', 'call'],
    ];
    assert.equal(load(nodes, wires).mayComeFromOutside(attach), true);
  });

  it('is shown in a subflow with an input and an output, because its callers are unknown', () => {
    const nodes = [node('input', 'subflow'), attach, node('output', 'subflow')];
    const wires: [string, string][] = [
      ['input', 'attach'],
      ['attach', 'output'],
    ];
    assert.equal(load(nodes, wires).mayComeFromOutside(attach), true);
  });

  it('ends in a circle of wires', () => {
    const wires: [string, string][] = [...through, ['call', 'attach'], ['call', 'call']];
    assert.equal(load([attach, call], wires).mayComeFromOutside(attach), false);
  });
});

describe('the numbers in the dialog of attach bearer', () => {
  const { isWholeNumber } = load();
  for (const least of [0, 1])
    for (const value of [
      0,
      1,
      600,
      '600',
      ' 7 ',
      '',
      '0',
      '-1',
      '1.5',
      '1e3',
      'soon',
      '1234567890',
      [1],
      {},
      true,
      undefined,
    ])
      it(`have the same value as in the node: ${JSON.stringify(value)}, at least ${least}`, () => {
        const { problem } = readProperties({ number: value }, { number: wholeNumber(9, least) });
        assert.equal(isWholeNumber(value, least), problem === undefined);
      });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { PROJECT } from '../../scripts/project.ts';
import { SOURCE, TRANSLATIONS } from '../support/catalogues.ts';
import { type FlowNode, functionNode, type Message, place, wire } from '../support/flows.ts';
import { asDebugShows, type Flow, load } from '../support/runtime.ts';

function change(id: string, jsonata: string): FlowNode {
  return wire('change', id, ['out'], { rules: [{ t: 'set', p: 'payload', pt: 'msg', to: jsonata, tot: 'jsonata' }] });
}

function csv(id: string, spec: string): FlowNode {
  return wire('csv', id, ['out'], { sep: ',', hdrout: 'all', multi: 'one', ret: '\\n', temp: '', skip: '0', spec });
}

function join_(id: string, build: string): FlowNode {
  return wire('join', id, ['out'], { mode: 'custom', build, property: 'payload', propertyType: 'msg', count: '1' });
}

const split = (id: string, to: string): FlowNode =>
  wire('split', id, [to], { splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', property: 'payload' });

/** The functions that show msg.token, or the session handle. All others here show neither, and none shows the header. */
const SHOWS: Record<string, ('token' | 'session')[]> = {
  yaml: ['token', 'session'],
  xml: ['token'],
  'csv, RFC': ['token', 'session'],
  'csv, legacy': ['token', 'session'],
  split: ['token'],
  'split and join': ['token'],
  'join, merged': ['token'],
  'JSONata .*': ['token', 'session'],
  'JSONata $merge': ['token'],
  'JSONata $spread': ['token'],
  'JSONata $each': ['token'],
  'object spread': ['token'],
  'Object.assign': ['token'],
  'text + object': ['session'],
  template: ['session'],
};

const NODES: FlowNode[] = [
  wire('json', 'json', ['out'], { property: 'payload', action: 'str', pretty: false }),
  wire('yaml', 'yaml', ['out'], { property: 'payload' }),
  wire('xml', 'xml', ['out'], { property: 'payload', attr: '', chr: '' }),
  csv('csv, RFC', 'rfc'),
  csv('csv, legacy', ''),
  split('split', 'out'),
  split('split and join', 'rejoin'),
  wire('join', 'rejoin', ['out'], { mode: 'auto' }),
  join_('join, merged', 'merged'),
  join_('join, array', 'array'),
  change('JSONata object', 'payload'),
  change('JSONata $string', '$string(payload)'),
  change('JSONata &', 'payload & ""'),
  change('JSONata .*', 'payload.*'),
  change('JSONata $merge', '$merge([payload])'),
  change('JSONata $spread', '$spread(payload)'),
  change('JSONata $each', '$each(payload, function($v, $k) { $k & "=" & $v })'),
  change('JSONata transform', 'payload ~> |$|{"a":1}|'),
  change('JSONata whole message', '$string($)'),
  wire('template', 'template', ['out'], {
    field: 'payload',
    fieldType: 'msg',
    syntax: 'mustache',
    template: '{{{payload}}}',
    output: 'str',
  }),
  functionNode('object spread', ['out'], 'msg.payload = { ...msg.payload }; return msg;'),
  functionNode('Object.assign', ['out'], 'msg.payload = Object.assign({}, msg.payload); return msg;'),
  functionNode('text + object', ['out'], 'msg.payload = "" + msg.payload; return msg;'),
];

describe('the header, msg.token and the session handle', () => {
  let flow: Flow;
  let secrets: { header: object; token: object; session: object };
  let texts: string[];

  beforeEach(async () => {
    flow = await load([
      { id: 'server', type: 'vg-server', practice: true },
      wire('vg-login', 'login', ['out', 'out', 'out'], {
        server: 'server',
        username: 'who',
        usernameType: 'msg',
        password: 'word',
        passwordType: 'msg',
      }),
      wire('attach-bearer', 'attach', ['out', 'out'], { source: 'vg', server: 'server', userType: 'session' }),
      ...NODES,
      place('out'),
    ]);
    const { msg } = await flow.ask('login', { who: 'plain', word: 'practice' });
    const { headers } = (await flow.ask('attach', { ...msg, headers: { 'x-mine': '1' } })).msg;
    assert.ok(headers && msg.token && msg.auth?.session);
    secrets = { header: headers, token: msg.token, session: msg.auth.session };
    texts = [String(msg.token.access_token), String(msg.auth.session)];
  });

  /** Whether a message shows a secret: in the debug sidebar, in the log or as JSON, even letter by letter. */
  function shows({ payload, error }: Message): boolean {
    const all = [JSON.stringify(payload), asDebugShows(payload), inspect(payload, { depth: 9 }), error?.message];
    const letters = (text: string): string => text.replace(/[^\w-]/g, '');
    return all.some((shown = '') => texts.some((text) => letters(shown).includes(letters(text))));
  }

  /** The results of a message with this payload: one message, an error, or the parts of one. */
  async function pass(id: string, payload: object): Promise<Message[]> {
    const seen = [(await flow.ask(id, { payload })).msg];
    const { count = 1 } = (seen[0]?.parts ?? {}) as { count?: number };
    while (seen.length < count) seen.push((await flow.next()).msg);
    return seen;
  }

  for (const { id } of NODES.filter(({ id: name }) => name !== 'rejoin')) {
    const expected = SHOWS[id] ?? [];
    it(`${id} shows ${expected.join(' and ') || 'none'} of them`, async () => {
      const shown: string[] = [];
      for (const [what, payload] of Object.entries(secrets))
        if ((await pass(id, payload)).some(shows)) shown.push(what);
      assert.deepEqual(shown, expected);
    });
  }

  const TOKEN = ['YAML', 'XML', 'CSV', 'split', 'join', 'JSONata', '`$merge`', '`$spread`', '`$each`', '`.*`'];
  const CODE = ['`Object.assign`', '`structuredClone`'];
  for (const language of [SOURCE, ...TRANSLATIONS])
    for (const node of ['attach-bearer', 'vgs-token', 'vg-login', 'vg-mfa'])
      it(`are listed with the functions that show them in the help of ${node} (${language})`, () => {
        const help = readFileSync(join(PROJECT, `nodes/locales/${language}/${node}.html`), 'utf8').toLowerCase();
        const handle = node === 'vgs-token' ? [] : ['template'];
        for (const name of [...TOKEN, ...CODE, ...handle]) assert.ok(help.includes(name.toLowerCase()), name);
      });
});

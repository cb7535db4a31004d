import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, linkProject, NodeRed, type NodeRedVersion } from '../../scripts/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** Has a character of every kind that a form or a URL encodes. */
const SECRET = 'CANARY+pass word&ü=%5B]';
const FORM = encodeURIComponent(SECRET);

/** What a request leaves behind. */
interface Left {
  payload?: unknown;
  body?: unknown;
  query: unknown;
  url: string;
  originalUrl: string;
  /** `msg.req`, as a console prints it */
  printed: string;
}

interface Case {
  title: string;
  /** The property that the node reads, as the dialog stores it. */
  property: string;
  node?: 'vg-mfa';
  method?: 'GET' | 'POST';
  query?: string;
  type?: string;
  body?: string | FormData;
  left: Partial<Left>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

const CASES: Case[] = [
  {
    title: 'JSON',
    property: 'payload.password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: 'plain', password: SECRET, remember: true }),
    left: { body: { user: 'plain', remember: true } },
  },
  {
    title: 'JSON, by a path with brackets',
    property: 'payload["user"].password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: { name: 'plain', password: SECRET } }),
    left: { body: { user: { name: 'plain' } } },
  },
  {
    title: 'JSON, by a path that the message names',
    property: 'payload[msg.payload.which]',
    type: JSON_TYPE,
    body: JSON.stringify({ which: 'secret', secret: SECRET }),
    left: { body: { which: 'secret' } },
  },
  {
    title: 'JSON, as an element of an array',
    property: 'payload.codes[0]',
    node: 'vg-mfa',
    type: JSON_TYPE,
    body: JSON.stringify({ codes: ['twice', 'next', 'twice'] }),
    left: { body: { codes: ['next', 'twice'] } },
  },
  {
    title: 'JSON, as a number',
    property: 'payload.code',
    node: 'vg-mfa',
    type: JSON_TYPE,
    body: JSON.stringify({ code: 12345678, note: 'a' }),
    left: { body: { note: 'a' } },
  },
  {
    title: 'JSON, as something that is no password',
    property: 'payload.password',
    type: JSON_TYPE,
    body: JSON.stringify({ password: { value: [SECRET] }, user: 'plain' }),
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form',
    property: 'payload.password',
    type: FORM_TYPE,
    body: `user=plain&password=${FORM}`,
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form with nested names',
    property: 'payload.login.password',
    type: FORM_TYPE,
    body: `login[user]=plain&login%5Bpassword%5D=${FORM}`,
    left: { body: { login: { user: 'plain' } } },
  },
  {
    title: 'a form with files',
    property: 'payload.password',
    body: formData({ user: 'plain', password: SECRET }),
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form, also in its address',
    property: 'payload.password',
    query: `?password=${FORM}&next=%2Fhome`,
    type: FORM_TYPE,
    body: `user=plain&password=${FORM}`,
    left: { body: { user: 'plain' }, query: { next: '/home' }, url: '?next=%2Fhome' },
  },
  {
    title: 'a text',
    property: 'payload',
    node: 'vg-mfa',
    type: 'text/plain',
    body: SECRET,
    left: { body: undefined },
  },
  {
    title: 'a query',
    property: 'payload.password',
    method: 'GET',
    query: `?user=plain&password=${FORM}&next=%2fhome+page&empty`,
    left: {
      query: { user: 'plain', next: '/home page', empty: '' },
      url: '?user=plain&next=%2fhome+page&empty',
    },
  },
  {
    title: 'a query with nothing else',
    property: 'payload.code',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=${FORM}`,
    left: { query: {}, url: '' },
  },
  {
    title: 'a query with encoded and nested names',
    property: 'payload.login.pass_word',
    method: 'GET',
    query: `?login%5bpass%5Fword%5D=${FORM}&login[user]=plain`,
    left: { query: { login: { user: 'plain' } }, url: '?login[user]=plain' },
  },
  {
    title: 'a query with an array',
    property: 'payload.code[1]',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=first&code=${FORM}&codes[]=other`,
    left: { query: { code: ['first'], codes: ['other'] }, url: '?code=first&codes[]=other' },
  },
  {
    title: 'a query that names a code twice',
    property: 'payload.code',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=first&code=${FORM}&page=1`,
    left: { query: { page: '1' }, url: '?page=1' },
  },
  {
    title: 'a query, read from the request',
    property: 'req.query.password',
    method: 'GET',
    query: `?user=plain&password=${FORM}`,
    left: { query: { user: 'plain' }, url: '?user=plain' },
  },
  {
    title: 'a body, read from the request',
    property: 'req.body.password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: 'plain', password: SECRET }),
    left: { body: { user: 'plain' } },
  },
];

describe(`a password or code that came to an http in of ${version}`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;
  const debugged: string[] = [];

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-http-in-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir, port: await freePort() });
    await nodeRed.onDebug(({ msg }) => debugged.push(msg));
    await nodeRed.deploy(flow());
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const wiring of ['one wire', 'a second wire'] as const) {
    CASES.forEach((each, index) => {
      it(`is nowhere in the message or its request: ${each.title}, with ${wiring}`, async () => {
        const left = await request(each, pathOf(index, wiring));
        // Of a request without a body, a parser of the admin API may have made an empty one.
        assert.deepEqual(left.body ?? {}, each.left.body ?? {});
        assert.deepEqual(left.query, each.left.query ?? {});
        const search = each.left.url ?? '';
        assert.deepEqual([left.url, left.originalUrl], [`/${pathOf(index, wiring)}${search}`, left.url]);
        for (const form of [SECRET, FORM, '12345678']) assert.equal(JSON.stringify(left).includes(form), false, form);
      });
    });
  }

  it('is not in the debug sidebar, with the complete message', async () => {
    await until(() => debugged.length >= CASES.length * 2);
    const all = debugged.join('\n');
    assert.match(all, /originalUrl/, 'the request is shown');
    assert.match(all, /remember/, 'its body is shown');
    for (const form of [SECRET, FORM, '12345678']) assert.equal(all.includes(form), false, form);
  });

  it('does not keep the answer from the person if the answer is asked for as JSONP', async () => {
    const answer = await fetch(`${nodeRed.url}jsonp?callback=show&user=plain&password=${FORM}`);
    assert.match(await answer.text(), /&& show\(\{"callback":"show","user":"plain"\}\)/);
  });

  async function request(each: Case, path: string): Promise<Left> {
    const { method = 'POST', query = '', type, body } = each;
    const response = await fetch(`${nodeRed.url}${path}${query}`, {
      method,
      ...(type ? { headers: { 'content-type': type } } : {}),
      ...(body === undefined ? {} : { body }),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Left;
  }
});

function formData(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

function pathOf(index: number, wiring: string): string {
  return `case-${index}-${wiring.replaceAll(' ', '-')}`;
}

/** For each case an `http in`, a node that reads the secret, and an `http response` that tells what is left. */
function flow(): object[] {
  const z = 'tab';
  const at = { z, x: 0, y: 0 };
  const tell =
    'const { body, query, url, originalUrl } = msg.req;' +
    'msg.payload = { payload: msg.payload, body, query, url, originalUrl, printed: util.inspect(msg.req, { depth: 3 }) };' +
    'return msg;';
  const reader = (id: string, { node, property }: Pick<Case, 'node' | 'property'>, wires: string[]): object =>
    node
      ? { id, ...at, type: 'vg-mfa', action: 'submit', code: property, codeType: 'msg', wires: [wires, wires, wires] }
      : {
          id,
          ...at,
          type: 'vg-login',
          server: 'server',
          username: 'plain',
          usernameType: 'str',
          password: property,
          passwordType: 'msg',
          method: 'ask',
          wires: [wires, wires, wires],
        };
  const entry = (path: string, method: string, wires: string[], upload = false): object => ({
    id: `in-${path}`,
    ...at,
    type: 'http in',
    url: `/${path}`,
    method,
    upload,
    wires: [wires],
  });
  return [
    { id: z, type: 'tab', label: 'http in' },
    { id: 'server', type: 'vg-server', practice: true },
    ...CASES.flatMap((each, index) => {
      const method = (each.method ?? 'POST').toLowerCase();
      const read = `read-${index}`;
      const upload = each.body instanceof FormData;
      return [
        reader(read, each, ['show', 'tell']),
        entry(pathOf(index, 'one wire'), method, [read], upload),
        // The first wire gets the message itself, each other one a clone.
        entry(pathOf(index, 'a second wire'), method, ['nothing', read], upload),
      ];
    }),
    entry('jsonp', 'get', ['read-jsonp']),
    reader('read-jsonp', { property: 'payload.password' }, ['query']),
    {
      id: 'query',
      ...at,
      type: 'function',
      outputs: 1,
      func: 'msg.payload = msg.req.query; return msg;',
      wires: [['out']],
    },
    { id: 'nothing', ...at, type: 'function', outputs: 1, func: 'return null;', wires: [[]] },
    { id: 'tell', ...at, type: 'function', outputs: 1, func: tell, wires: [['out']] },
    {
      id: 'show',
      ...at,
      type: 'debug',
      active: true,
      tosidebar: true,
      complete: 'true',
      targetType: 'full',
      wires: [],
    },
    { id: 'out', ...at, type: 'http response', wires: [] },
    { id: 'catch', ...at, type: 'catch', scope: null, uncaught: false, wires: [['show', 'tell']] },
  ];
}

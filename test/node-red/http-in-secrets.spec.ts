import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { CASES, type Case, FORM, type Left, SECRET } from '../support/http-in-cases.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`a password or code that arrived at an http in node of ${version}`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;
  const debugged: string[] = [];

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-http-in-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    await nodeRed.onDebug(({ msg }) => debugged.push(msg));
    await nodeRed.deploy(flow());
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const wiring of ['one wire', 'a second wire'] as const) {
    CASES.forEach((each, index) => {
      it(`is removed from the message and its request: ${each.title}, with ${wiring}`, async () => {
        const left = await request(each, pathOf(index, wiring));
        // For a request without a body, a parser of the admin API may have created an empty one.
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

  it('does not prevent a JSONP response', async () => {
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

function pathOf(index: number, wiring: string): string {
  return `case-${index}-${wiring.replaceAll(' ', '-')}`;
}

/** For each case an `http in` node, a node that reads the secret, and an `http response` node that returns the rest. */
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

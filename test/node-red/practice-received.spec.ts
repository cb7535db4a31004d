import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`codes and links for users of the practice server, in ${version}`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;
  /** The newest status of each node. */
  const shown = new Map<string, string>();
  let stop: () => void;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-received-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    const at = { z: 'tab', x: 100, y: 100 };
    const press = (user: string, method: string) => [
      {
        ...at,
        id: `press-${user}`,
        type: 'inject',
        props: [
          { p: 'user', v: user, vt: 'str' },
          { p: 'password', v: 'practice', vt: 'str' },
        ],
        wires: [[`login-${user}`]],
      },
      {
        ...at,
        id: `login-${user}`,
        type: 'vg-login',
        server: 'server',
        username: 'user',
        usernameType: 'msg',
        password: 'password',
        passwordType: 'msg',
        method,
        wires: [['done'], user === 'sms' ? ['read'] : [], []],
      },
    ];
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'received' },
      { id: 'server', type: 'vg-server', practice: true },
      ...press('link', 'link-email'),
      ...press('sms', 'otp-sms'),
      {
        ...at,
        id: 'read',
        type: 'debug',
        name: 'challenge',
        active: true,
        tosidebar: true,
        complete: 'auth.challenge.id',
        targetType: 'msg',
        wires: [],
      },
      { ...at, id: 'code', type: 'http in', url: '/code', method: 'get', wires: [['name']] },
      {
        ...at,
        id: 'name',
        type: 'change',
        rules: [
          { t: 'set', p: 'auth.challenge.id', pt: 'msg', to: 'payload.id', tot: 'msg' },
          { t: 'set', p: 'payload', pt: 'msg', to: 'payload.code', tot: 'msg' },
        ],
        wires: [['submit']],
      },
      { ...at, id: 'submit', type: 'vg-mfa', wires: [['state'], ['state'], ['state']] },
      {
        ...at,
        id: 'state',
        type: 'change',
        rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'auth.state', tot: 'msg' }],
        wires: [['answer']],
      },
      { ...at, id: 'answer', type: 'http response', wires: [] },
      {
        ...at,
        id: 'done',
        type: 'debug',
        name: 'signed in',
        active: true,
        tosidebar: true,
        complete: 'auth',
        targetType: 'msg',
        wires: [],
      },
    ]);
    stop = await nodeRed.onPacket(({ topic, data }) => {
      if (topic.startsWith('status/')) shown.set(topic.slice(7), (data as { text?: string }).text ?? '');
    });
  });

  after(async () => {
    stop?.();
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are links with an absolute address in the log, which sign the person in when they are opened', async () => {
    const address = (): string | undefined =>
      /http:\/\/127\.0\.0\.1:\d+\/practice\/click\/link\b/.exec(nodeRed.log)?.[0];
    const signedIn = await nodeRed.nextDebug('signed in', async () => {
      await nodeRed.inject('press-link');
      await until(() => address() !== undefined && shown.get('login-link') === 'practice: link: see log');
      const page = await fetch(address() ?? '', { headers: { accept: 'text/html' } });
      assert.equal(page.status, 200);
      assert.match(await page.text(), /You are signed in/);
    });
    assert.equal(JSON.parse(signedIn.msg).user, 'link');
    await until(() => /^practice: valid until/.test(shown.get('login-link') ?? ''));
    assert.doesNotMatch(nodeRed.log, /VG_AUTH_PRACTICE_URL/);
  });

  it('are codes, which the status no longer shows after they were used', async () => {
    const { msg: id } = await nodeRed.nextDebug('challenge', () => nodeRed.inject('press-sms'));
    await until(() => /^practice: SMS code sent \(\d{6}\)$/.test(shown.get('login-sms') ?? ''));
    const code = /\((\d{6})\)/.exec(shown.get('login-sms') ?? '')?.[1] ?? '';
    const submit = async (text: string): Promise<string> =>
      (await fetch(`${nodeRed.url}code?id=${id}&code=${text}`)).text();
    assert.equal(await submit('12345'), 'code-required');
    assert.match(shown.get('login-sms') ?? '', /\(\d{6}\)$/, 'it can still be used');
    assert.equal(await submit(code), 'signed-in');
    await until(() => /^practice: valid until/.test(shown.get('login-sms') ?? ''));
  });
});

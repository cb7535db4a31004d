import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { freePort } from '../support/free-port.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

interface FlowNode {
  id: string;
  type: string;
  name?: string;
  [property: string]: unknown;
}

describe(`the examples that need more than a click, imported into ${version}`, function () {
  this.timeout(60_000);
  let userDir: string;
  let nodeRed: NodeRed;
  let flow: FlowNode[];

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-recipes-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  describe('09 - Call the Network Tokens API', () => {
    it('tries once more with the same body if the API rejects the token', async () => {
      await deploy('09 - Call the Network Tokens API', (node) => {
        const props = node.props as { p: string; v?: string }[] | undefined;
        for (const each of props ?? []) each.v = each.v?.replace('network-tokens', 'rejects-each-token-once');
      });
      const shown = await debug('Network token', 'Make a token');
      assert.equal(JSON.parse(shown).path, '/api/rejects-each-token-once');
    });
  });

  describe('14 - Sign in to an MQTT broker', () => {
    const isConnected = (): boolean => /Connected to broker/.test(nodeRed.log);

    it('connects with the token as the password', async () => {
      await deploy('14 - Sign in to an MQTT broker');
      // If the first try fails on a busy machine, the flow itself connects again, after 10 s.
      await until(isConnected, 40_000);
      assert.equal(await debug('What came back', 'Publish'), 'hello');
    });

    it('has a practice broker that accepts no other password', async () => {
      const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}practice-broker`, ['mqtt']);
      socket.binaryType = 'arraybuffer';
      await new Promise((done) => socket.addEventListener('open', done, { once: true }));
      const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
      const head = [text('MQTT'), Buffer.from([4, 0xc2, 0, 60])];
      const body = Buffer.concat([...head, text('client'), text('token'), text('wrong')]);
      const answer = new Promise<Buffer>((done) =>
        socket.addEventListener('message', ({ data }) => done(Buffer.from(data as ArrayBuffer)), { once: true }),
      );
      // In two pieces: a packet may arrive in parts.
      socket.send(Buffer.from([0x10, body.length]));
      socket.send(body);
      assert.deepEqual([...(await answer)], [0x20, 2, 0, 4]);
      socket.close();
    });

    it('has a practice broker that drops half a packet when its client disconnects', async () => {
      const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}practice-broker`, ['mqtt']);
      await new Promise((done) => socket.addEventListener('open', done, { once: true }));
      socket.send(Buffer.from([0x30, 100, 1, 2, 3]));
      await until(async () => (await halfPackets()) === 1);
      socket.close();
      await until(async () => (await halfPackets()) === 0);
    });

    /** How many clients have sent half a packet, as the practice broker counts them. */
    async function halfPackets(): Promise<number> {
      const { id } = flow.find(({ name }) => name === 'Speak a little MQTT') as FlowNode;
      const { memory } = (await nodeRed.admin(`context/node/${id}`)) as { memory: { parts?: { msg: string } } };
      return (JSON.parse(memory.parts?.msg ?? '{"length":0}') as { length: number }).length;
    }

    for (const [what, bytes] of Object.entries({
      'a length whose bytes never end': Buffer.from([0x40, 0x80, 0x80, 0x80, 0x80, 0x08]),
      'a length of hundreds of megabytes': Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]),
      'a CONNECT without anything in it': Buffer.from([0x10, 0]),
      'a SUBSCRIBE without anything in it': Buffer.from([0x82, 0]),
      'a text': 'hello',
    })) {
      it(`has a practice broker that continues after ${what}`, async () => {
        const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}practice-broker`, ['mqtt']);
        socket.binaryType = 'arraybuffer';
        await new Promise((done) => socket.addEventListener('open', done, { once: true }));
        socket.send(bytes);
        const answer = new Promise<Buffer>((done) =>
          socket.addEventListener('message', ({ data }) => done(Buffer.from(data as ArrayBuffer)), { once: true }),
        );
        // A PINGREQ. Invalid data before it is ignored.
        socket.send(Buffer.from([0xc0, 0]));
        assert.deepEqual([...(await answer)], [0xd0, 0]);
        socket.close();
      });
    }
  });

  describe('15 - Tell somebody when a sign-in needs a person', () => {
    const TELL = '15 - Tell somebody when a sign-in needs a person';

    let told: string[] = [];
    let stop = (): void => {};

    beforeEach(async () => {
      told = [];
      stop = await nodeRed.onDebug(({ name, msg }) => {
        if (name === 'Tell somebody') told.push(msg);
      });
    });
    afterEach(() => stop());

    it('holds the job until the person has signed in, and notifies somebody once', async () => {
      await deploy(TELL);
      await debug('Tell somebody', 'Nightly at 02:00');
      await click('Nightly at 02:00');
      const jobs: string[] = [];
      const stopJobs = await nodeRed.onDebug(({ name, msg }) => {
        if (name === 'Job done' || name === 'Job not done') jobs.push(`${name}: ${JSON.parse(msg).signed_in_as}`);
      });
      assert.equal(JSON.parse(await debug('Signed in', 'Sign in')).user, 'sms');
      await until(() => jobs.length === 2 && told.length === 2);
      stopJobs();
      assert.deepEqual(jobs, ['Job done: sms', 'Job done: sms']);
      assert.deepEqual(told, [
        'A person must sign in as sms to practice Visual Guard, with MFA.',
        'The sign-in works again with practice Visual Guard, with MFA.',
      ]);
    });

    it('reports a fault of the account once, although the Catch node gets it for each message', async () => {
      await deploy(
        TELL,
        (node) => {
          if (node.type === 'vg-server') node.credentials = { username: 'gateway', password: 'practice' };
          if (node.name === 'Told already?') {
            (node.rules as object[]).push({ t: 'else' });
            Object.assign(node, { outputs: 2, wires: [...(node.wires as string[][]), ['seen']] });
          }
        },
        (nodes) => [{ ...nodes.find(({ name }) => name === 'Tell somebody'), id: 'seen', type: 'debug', name: 'seen' }],
      );
      for (let tries = 0; tries < 2; tries += 1) await debug('seen', 'Nightly at 02:00');
      await until(() => told.length > 0);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /^No token is available from practice Visual Guard, with MFA \(AUTH_/);
    });

    it('reports that the API cannot be reached', async () => {
      const port = await freePort();
      await deploy(TELL, (node) => {
        if (node.type === 'vg-server') node.credentials = { username: 'practice', password: 'practice' };
        for (const each of (node.props ?? []) as { v?: string; vt?: string }[])
          if (each.v?.endsWith('/api/invoices')) Object.assign(each, { v: `http://127.0.0.1:${port}/`, vt: 'str' });
      });
      assert.match(await debug('Tell somebody', 'Nightly at 02:00'), /ECONNREFUSED/);
    });

    it('reports the warning of a sign-in that succeeded', async () => {
      await deploy(TELL);
      assert.equal(
        await debug('Tell somebody', 'With an old password'),
        'grace-logon is signed in, but: last-grace-logon.',
      );
    });
  });

  /** Deploys an example. @param change what is different from the file @param more nodes that the file does not have */
  async function deploy(
    file: string,
    change: (node: FlowNode) => void = () => {},
    more: (nodes: FlowNode[]) => FlowNode[] = () => [],
  ): Promise<void> {
    flow = JSON.parse(readFileSync(join(PROJECT, 'examples', `${file}.json`), 'utf8')) as FlowNode[];
    for (const node of flow) change(node);
    flow.push(...more(flow));
    await nodeRed.deploy(flow);
  }

  async function click(name: string): Promise<void> {
    const inject = flow.find((node) => node.type === 'inject' && node.name === name);
    assert.ok(inject, name);
    await nodeRed.inject(inject.id);
  }

  /** Clicks an inject node. @returns what the debug node shows afterwards */
  async function debug(name: string, inject: string): Promise<string> {
    return (await nodeRed.nextDebug(name, () => click(inject))).msg;
  }
});

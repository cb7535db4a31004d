import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { freePort, linkProject, NodeRed, type NodeRedVersion, PROJECT } from '../../scripts/node-red.ts';
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
    nodeRed = await NodeRed.start({ version, userDir, port: await freePort() });
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  describe('09 - Call the Network Tokens API', () => {
    it('tries once more when the API turns the token away, with the same body', async () => {
      await deploy('09 - Call the Network Tokens API', (node) => {
        const props = node.props as { p: string; v?: string }[] | undefined;
        for (const each of props ?? []) each.v = each.v?.replace('network-tokens', 'rejects-each-token-once');
      });
      const shown = await debug('the network token', 'make a network token');
      assert.equal(JSON.parse(shown).path, '/api/rejects-each-token-once');
    });
  });

  describe('10 - Run a nightly job with a service user', () => {
    const signedInAs = (user: string) => (node: FlowNode) => {
      if (node.type === 'vg-server') node.credentials = { username: user, password: 'practice' };
      if (node.type === 'delay') node.timeout = '0';
    };

    it('tries again where the server is not there, and gives up at last', async () => {
      await deploy('10 - Run a nightly job with a service user', signedInAs('gateway'));
      const shown = JSON.parse(await debug('the job has failed', 'every night at 02:00'));
      assert.match(shown.code, /^AUTH_/);
    });

    it('calls nobody where a human is needed', async () => {
      await deploy('10 - Run a nightly job with a service user', signedInAs('sms'));
      const before = nodeRed.log.length;
      const shown = JSON.parse(await debug('a human is needed', 'every night at 02:00'));
      assert.equal(shown.state, 'mfa-required');
      assert.doesNotMatch(nodeRed.log.slice(before), /the code for/);
    });
  });

  describe('11 - Ask for the code in a chat', () => {
    it('goes on where each person stopped, with two people at once', async () => {
      await deploy('11 - Ask for the code in a chat');
      assert.match(await (await fetch(`${nodeRed.url}chat`)).text(), /new WebSocket/);
      const [anna, ben] = [await Chat.open(nodeRed.url), await Chat.open(nodeRed.url)];
      assert.match(await anna.say('nobody'), /credentials-invalid/);
      assert.match(await anna.say('whatsapp'), /A code was sent to \+49\*+0100/);
      assert.match(await ben.say('email'), /A code was sent to p\*+e@e\*+.org/);
      assert.match(await anna.say(codeFor('email')), /code-invalid/, 'the code of somebody else');
      assert.match(await ben.say(codeFor('email')), /signed in as email/);
      assert.match(await anna.say(codeFor('whatsapp')), /signed in as whatsapp/);
      assert.match(await anna.say('my orders'), /knows you as whatsapp/);
      assert.match(await ben.say('my orders'), /knows you as email/);
      ben.close();
      const kept = async (): Promise<string> => {
        const { memory } = (await nodeRed.admin(`context/flow/${flow[0]?.id}`)) as { memory: object };
        return JSON.stringify(memory);
      };
      const handles = async (): Promise<number> => (await kept()).match(/[0-9a-f]{16}/g)?.length ?? 0;
      while ((await handles()) > 1);
      assert.match(await anna.say('my orders'), /knows you as whatsapp/);
      anna.close();
    });
  });

  describe('11 - Ask for the code in a chat, while the API is down', () => {
    it('says so, once', async () => {
      const port = await freePort();
      await deploy('11 - Ask for the code in a chat', ({ rules }) => {
        for (const rule of (rules ?? []) as { to?: string }[])
          if (rule.to?.includes('PRACTICE_URL')) rule.to = `"http://127.0.0.1:${port}"`;
      });
      const person = await Chat.open(nodeRed.url);
      assert.match(await person.say('plain'), /signed in as plain/);
      for (let tries = 0; tries < 2; tries += 1)
        assert.equal(await person.say('my orders'), 'That did not work just now. Please try again.');
      assert.equal(person.heard.length, 3);
      person.close();
    });
  });

  describe('14 - Sign in to an MQTT broker', () => {
    const isConnected = (): boolean => /Connected to broker/.test(nodeRed.log);

    it('connects with the token as the password', async () => {
      await deploy('14 - Sign in to an MQTT broker');
      // If the first try fails on a busy machine, the flow itself connects again, after 10 s.
      await until(isConnected, 40_000);
      assert.equal(await debug('what came back', 'publish'), 'hello');
    });

    it('has a practice broker that takes no other password', async () => {
      const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}practice-broker`, ['mqtt']);
      socket.binaryType = 'arraybuffer';
      await new Promise((done) => socket.addEventListener('open', done, { once: true }));
      const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
      const head = [text('MQTT'), Buffer.from([4, 0xc2, 0, 60])];
      const body = Buffer.concat([...head, text('client'), text('token'), text('wrong')]);
      const answer = new Promise<Buffer>((done) =>
        socket.addEventListener('message', ({ data }) => done(Buffer.from(data as ArrayBuffer)), { once: true }),
      );
      // In two pieces: a packet does not come in one.
      socket.send(Buffer.from([0x10, body.length]));
      socket.send(body);
      assert.deepEqual([...(await answer)], [0x20, 2, 0, 4]);
      socket.close();
    });

    for (const [what, bytes] of Object.entries({
      'a length whose bytes never end': Buffer.from([0x40, 0x80, 0x80, 0x80, 0x80, 0x08]),
      'a length of hundreds of megabytes': Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]),
      'a CONNECT without anything in it': Buffer.from([0x10, 0]),
      'a SUBSCRIBE without anything in it': Buffer.from([0x82, 0]),
      'a text': 'hello',
    })) {
      it(`has a practice broker that goes on after ${what}`, async () => {
        const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}practice-broker`, ['mqtt']);
        socket.binaryType = 'arraybuffer';
        await new Promise((done) => socket.addEventListener('open', done, { once: true }));
        socket.send(bytes);
        const answer = new Promise<Buffer>((done) =>
          socket.addEventListener('message', ({ data }) => done(Buffer.from(data as ArrayBuffer)), { once: true }),
        );
        // A PINGREQ. What was wrong before it is forgotten.
        socket.send(Buffer.from([0xc0, 0]));
        assert.deepEqual([...(await answer)], [0xd0, 0]);
        socket.close();
      });
    }
  });

  describe('15 - Tell somebody when a sign-in needs a human', () => {
    const TELL = '15 - Tell somebody when a sign-in needs a human';

    it('says that a node turned red, if no message says why', async () => {
      await deploy(TELL, shortenPause, (nodes) => {
        const type = 'attach-bearer';
        const attach = nodes.find((node) => node.type === type);
        return [
          { ...attach, id: 'elsewhere', type, name: 'another node', wires: [[], []] },
          { id: 'click', type: 'inject', name: 'click elsewhere', z: attach?.z, props: [], wires: [['elsewhere']] },
        ];
      });
      assert.match(await debug('tell somebody', 'click elsewhere'), /^another node: .+\.$/);
    });

    it('says it in one sentence, before and when', async () => {
      await deploy(TELL);
      assert.equal(await debug('tell somebody', 'every hour'), 'Nobody is signed in as sms (no-session).');
      assert.equal(
        await debug('tell somebody', 'sign in with an old password'),
        'grace-logon is signed in, but: last-grace-logon.',
      );
    });

    it('says it once, although the node turns red, too', async () => {
      const seen = (node: FlowNode): void => {
        shortenPause(node);
        if (node.name !== 'not said yet?') return;
        (node.rules as object[]).push({ t: 'else' });
        Object.assign(node, { outputs: 2, wires: [...(node.wires as string[][]), ['seen']] });
      };
      await deploy(TELL, seen, (nodes) => [
        { ...nodes.find(({ name }) => name === 'tell somebody'), id: 'seen', type: 'debug', name: 'said already' },
      ]);
      const told: string[] = [];
      const stop = await nodeRed.onDebug(({ name, msg }) => {
        if (name === 'tell somebody') told.push(msg);
      });
      assert.match(await debug('said already', 'every hour'), /^VG|attach/);
      assert.deepEqual(told, ['Nobody is signed in as sms (no-session).']);
      stop();
    });

    function shortenPause(node: FlowNode): void {
      if (node.type === 'delay') Object.assign(node, { timeout: '50', timeoutUnits: 'milliseconds' });
    }
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

  /** Clicks an inject node. @returns what the debug node shows then */
  async function debug(name: string, click: string): Promise<string> {
    const inject = flow.find((node) => node.type === 'inject' && node.name === click);
    assert.ok(inject, click);
    return (await nodeRed.nextDebug(name, () => nodeRed.inject(inject.id))).msg;
  }

  /** The newest code that a practice user received. */
  function codeFor(user: string): string {
    return [...nodeRed.log.matchAll(new RegExp(`the code for ${user} is (\\d+)`, 'g'))].at(-1)?.[1] ?? '';
  }
});

/** A person at the chat. */
class Chat {
  readonly #socket: WebSocket;
  /** Everything that was said to this person. */
  readonly heard: string[] = [];
  #hear: (text: string) => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.heard.push(String(data));
      this.#hear(String(data));
    });
  }

  static async open(url: string): Promise<Chat> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}chat-socket`);
    await new Promise((done) => socket.addEventListener('open', done, { once: true }));
    return new Chat(socket);
  }

  /** @returns the answer */
  say(text: string): Promise<string> {
    return new Promise((heard) => {
      this.#hear = heard;
      this.#socket.send(text);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { CanaryServer } from '../support/canary-server.ts';
import { Chat } from '../support/chat.ts';
import { type ExampleNode, readExample } from '../support/examples.ts';
import { freePort } from '../support/free-port.ts';
import { signsIn } from '../support/guard-server.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { closeServers, serve } from '../support/servers.ts';
import { becomes } from '../support/steady.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const TAB = '13f571746f48e287';

describe(`11 - Ask for the code in a chat, imported into ${version}`, () => {
  let userDir: string;
  let nodeRed: NodeRed;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-chat-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
  });

  afterEach(closeServers);

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  describe('with the practice server', () => {
    before(() => deploy());

    it('continues for each person after their last step, with two people at once', async () => {
      assert.match(await (await fetch(`${nodeRed.url}chat`)).text(), /new WebSocket/);
      const [anna, ben] = [await Chat.open(nodeRed.url), await Chat.open(nodeRed.url)];
      assert.match(await anna.say('nobody'), /credentials-invalid/);
      assert.match(await anna.say('whatsapp'), /A code was sent to \+49\*+0100/);
      assert.match(await ben.say('email'), /A code was sent to p\*+e@e\*+.org/);
      assert.match(await anna.say(codeFor('email')), /code-invalid/, 'the code of somebody else');
      assert.match(await ben.say(codeFor('email')), /signed in as email/);
      assert.match(await anna.say(codeFor('whatsapp')), /signed in as whatsapp/);
      assert.match(await anna.say('my orders'), /recognizes you as whatsapp/);
      assert.match(await ben.say('my orders'), /recognizes you as email/);
      ben.close();
      await becomes(people, 1);
      assert.match(await anna.say('my orders'), /recognizes you as whatsapp/);
      anna.close();
      await becomes(people, 0);
    });

    it('shows the user of an authenticator app where the code is', async () => {
      const person = await Chat.open(nodeRed.url);
      assert.equal(await person.say('app'), 'Your authenticator app shows the code. Type it here.');
      assert.match(await person.say(codeFor('app')), /signed in as app/);
      person.close();
      await becomes(people, 0);
    });

    it('ends the session of a person who leaves', async () => {
      const person = await Chat.open(nodeRed.url);
      assert.match(await person.say('plain'), /signed in as plain/);
      assert.deepEqual(await sessions(), ['plain']);
      person.close();
      await becomes(sessions, []);
      assert.equal(await people(), 0);
    });

    it('ends the session of a person who clicks the link after leaving', async () => {
      const person = await Chat.open(nodeRed.url);
      assert.match(await person.say('link'), /A link was sent to you/);
      person.close();
      await becomes(people, 0);
      await fetch(`${/the practice server is at (\S+)/.exec(nodeRed.log)?.[1]}/practice/click/link`);
      await becomes(async () => (await eventsOf('link')).slice(-2), ['vg-auth.sign-in', 'vg-auth.sign-out']);
      assert.deepEqual(await sessions(), []);
      assert.equal(await people(), 0);
    });
  });

  it('keeps one session of a person who writes two usernames at once', async () => {
    let respond = (): void => {};
    const mayRespond = new Promise<void>((done) => {
      respond = done;
    });
    let tokens = 0;
    const identity = await serve(async ({ form }) => {
      // A revocation has no grant type.
      if (!form.has('grant_type')) return { body: {} };
      await mayRespond;
      tokens += 1;
      return signsIn(`token-${tokens}`, { refresh_token: `refresh-${tokens}` });
    });
    const real = { practice: false, url: identity.origin, applicationId: 'app' };
    await deploy((node) => (node.type === 'vg-server' ? { ...node, ...real } : node));
    const person = await Chat.open(nodeRed.url);
    const before = await signOuts();
    void person.say('anna');
    const asked = person.say('ben');
    await until(() => identity.requests.length === 2);
    respond();
    assert.match(await asked, /signed in as (anna|ben)/);
    await becomes(signOuts, before + 1);
    assert.equal((await sessions()).length, 1);
    person.close();
    await becomes(sessions, []);
    await becomes(people, 0);
    assert.equal(person.heard.length, 1);
  });

  it('keeps nothing of a person who leaves before the server responds', async () => {
    const identity = new CanaryServer();
    await identity.start();
    let respond = (): void => {};
    const mayRespond = new Promise<void>((done) => {
      respond = done;
    });
    const slow = await serve(async ({ path, method, text }) => {
      await mayRespond;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const response = await fetch(identity.origin + path, { method, headers, body: text });
      const body = await response.text();
      return { status: response.status, headers: { 'content-type': 'application/json' }, body };
    });
    const real = { practice: false, url: slow.origin, applicationId: 'app' };
    await deploy((node) => (node.type === 'vg-server' ? { ...node, ...real } : node));

    const [anna, ben] = [await Chat.open(nodeRed.url), await Chat.open(nodeRed.url)];
    void anna.say('anna-1');
    const asked = ben.say('anna-2');
    await until(() => slow.requests.length === 2);
    anna.close();
    await becomes(people, 1);
    respond();
    assert.match(await asked, /A code was sent to/);
    assert.match(await ben.say('012345'), /signed in as anna-2/);
    assert.equal(await people(), 1, 'nothing is kept of a person who is not here');
    ben.close();
    await becomes(people, 0);
    await identity.stop();
  });

  it('reports that the API is down, once for each request', async () => {
    const port = await freePort();
    await deploy((node) => {
      for (const rule of (node.rules ?? []) as { to?: string }[])
        if (rule.to?.includes('PRACTICE_URL')) rule.to = `"http://127.0.0.1:${port}"`;
      return node;
    });
    const person = await Chat.open(nodeRed.url);
    assert.match(await person.say('plain'), /signed in as plain/);
    for (let tries = 0; tries < 2; tries += 1)
      assert.equal(await person.say('my orders'), 'The request failed. Please try again.');
    assert.equal(person.heard.length, 3);
    person.close();
    // Node-RED does not report the end of a connection that is open at a deploy.
    await becomes(people, 0);
  });

  /** @param change what is different from the file, for each node */
  async function deploy(change: (node: ExampleNode) => ExampleNode = (node) => node): Promise<void> {
    await nodeRed.deploy(readExample('11 - Ask for the code in a chat.json').map(change));
  }

  /** How many people the flow keeps data of. Their IDs in the chat have this form. */
  async function people(): Promise<number> {
    const { memory } = (await nodeRed.admin(`context/flow/${TAB}`)) as { memory: object };
    return new Set(JSON.stringify(memory).match(/[0-9a-f]{16}/g)).size;
  }

  /** The users with an open session. */
  async function sessions(): Promise<string[]> {
    const open = (await nodeRed.admin('vg-auth/sessions')) as { sessions: { user: string }[] };
    return open.sessions.map(({ user }) => user);
  }

  async function events(): Promise<{ event: string; user?: string }[]> {
    return ((await nodeRed.admin('vg-auth/events')) as { events: { event: string; user?: string }[] }).events;
  }

  /** How many sessions have ended. */
  async function signOuts(): Promise<number> {
    return (await events()).filter(({ event }) => event === 'vg-auth.sign-out').length;
  }

  /** The kinds of the events of a user, the newest last. */
  async function eventsOf(user: string): Promise<string[]> {
    return (await events()).filter((each) => each.user === user).map(({ event }) => event);
  }

  /** The newest code that a practice user received. */
  function codeFor(user: string): string {
    return [...nodeRed.log.matchAll(new RegExp(`the code for ${user} is (\\d+)`, 'g'))].at(-1)?.[1] ?? '';
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { type AdminAnswer, type AdminRequest, AdminUsers, adminAuth } from '../support/admin-users.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { FLOW } from '../support/sign-ins-flow.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

const METRICS_TOKEN = 'THE-METRICS-TOKEN';
/** The users of the editor, with their permissions. */
const USERS = { admin: '*', reader: 'read', flows: 'flows.read', narrow: 'vg-auth.read' };

/** None of these may be in any reply. */
const SECRETS = ['THE-WRONG-SECRET', 'practice:practice', METRICS_TOKEN];

describe(`the admin routes of the tab Sign-ins in ${version}`, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let users: AdminUsers;

  before(async function () {
    this.timeout(180_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-sign-ins-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: {
        adminAuth: adminAuth(USERS),
        disableEditor: true,
        vgAuthMetrics: { token: METRICS_TOKEN },
        logging: { console: { level: 'info', metrics: false, audit: true } },
      },
    });
    users = await AdminUsers.signIn(nodeRed, USERS);
    await users.deploy(FLOW);
    await until(async () => (await ask('accounts')).body.accounts.length === 7);
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  afterEach('no reply has a secret', () => {
    for (const text of users.answers) for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
  });

  function ask(path: string, request?: AdminRequest): Promise<AdminAnswer> {
    return users.ask(path, request);
  }

  function account(id: string): Promise<AdminAnswer['body']> {
    return users.account(id);
  }

  /** An error has a message, not a key of the catalog. */
  function assertSentence({ body }: AdminAnswer): void {
    assert.deepEqual(Object.keys(body), ['error', 'message']);
    assert.match(body.message, /^[A-Z][^_]+\.$/);
    assert.ok(!body.message.includes(body.error), body.message);
  }

  it('list every deployed account and server, with a readable state', async () => {
    const { body, headers } = await ask('accounts');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(typeof body.revision, 'number');
    assert.deepEqual(body.stores, []);
    const states = Object.fromEntries(
      body.accounts.map(({ id, state, ok }: AdminAnswer['body']) => [id, `${state} ${ok}`]),
    );
    assert.deepEqual(states, {
      good: 'unused true',
      bad: 'unused true',
      robot: 'unused true',
      linked: 'unused true',
      open: 'unused true',
      people: 'unused true',
      empty: 'misconfigured false',
    });
    const empty = await account('empty');
    assert.equal(empty.code, 'AUTH_CONFIG');
    assert.match(empty.message, /clientId|No credentials/);
    assert.deepEqual((await account('good')).nodes, ['get-good']);
  });

  it('show a token that messages use, and renew it at once', async () => {
    await users.inject('ask-good');
    await until(async () => (await account('good')).state === 'valid');
    const before = await account('good');
    assert.ok(before.valid_until > Date.now());
    assert.ok(before.last_renewal.ms >= 0);
    const { status, body } = await ask('accounts/good/renew', { body: {} });
    assert.equal(status, 200);
    assert.deepEqual([body.id, body.state, body.counts.requests], ['good', 'valid', before.counts.requests + 1]);
    assert.equal((await ask('accounts/good/sign-out', { body: {} })).body.state, 'unused');
    assert.equal((await ask('accounts/good/sign-in', { body: {} })).body.state, 'valid');
  });

  it('report why an account is refused, and what helps', async () => {
    const { body } = await ask('accounts/bad/renew', { body: {} });
    assert.deepEqual([body.state, body.ok, body.reason], ['refused', false, 'client-invalid']);
    assert.match(body.message, /Check the client ID and the client secret/);
    const { status, body: health } = await ask('health');
    assert.equal(status, 503);
    assert.deepEqual(health.accounts.map(({ id }: { id: string }) => id).sort(), ['bad', 'empty']);
  });

  it('answer a challenge with a code, after which messages get a token', async () => {
    await users.inject('ask-robot');
    await until(async () => (await account('robot')).state === 'needs-human');
    const { challenge, user } = await account('robot');
    assert.deepEqual(
      [user, challenge.state, challenge.methods.length, challenge.attempts],
      ['sms', 'mfa-required', 1, 0],
    );
    assert.equal(challenge.practice, undefined);
    const chosen = await ask(`challenges/${challenge.id}/choose`, { body: { method: 'otp-sms' } });
    assert.equal(chosen.body.state, 'code-required');
    for (const code of ['', ' - ']) {
      const empty = await ask(`challenges/${challenge.id}/submit`, { body: { code } });
      assert.deepEqual([empty.status, empty.body.error], [400, 'test.body.no-code']);
      assertSentence(empty);
    }
    const clicked = await ask(`challenges/${challenge.id}/click`, { body: {} });
    assert.deepEqual([clicked.status, clicked.body.state], [200, 'code-required']);
    const { practice: sent } = (await account('robot')).challenge;
    assert.match(sent.code, /^\d+$/);
    const wrong = await ask(`challenges/${challenge.id}/submit`, { body: { code: '1' } });
    assert.deepEqual([wrong.status, wrong.body.state, wrong.body.reason], [200, 'code-required', 'code-invalid']);
    // As people type it: the node accepts the same.
    const written = `${sent.code.slice(0, 3)} ${sent.code.slice(3)}`;
    const right = await ask(`challenges/${challenge.id}/submit`, { body: { code: written } });
    assert.deepEqual([right.status, right.body], [200, { state: 'signed-in' }]);
    assert.equal((await account('robot')).state, 'valid');
    const again = await ask(`challenges/${challenge.id}/submit`, { body: { code: sent.code } });
    assert.deepEqual([again.status, again.body], [200, { state: 'refused', reason: 'challenge-unknown' }]);
  });

  it('click the link of the practice server', async () => {
    assert.equal((await ask('accounts/linked/sign-in', { body: {} })).body.state, 'needs-human');
    const { challenge } = await account('linked');
    const early = await ask(`challenges/${challenge.id}/click`, { body: {} });
    assert.deepEqual([early.status, early.body.state], [200, 'mfa-required']);
    const sent = await ask(`challenges/${challenge.id}/choose`, { body: { method: 'link-email' } });
    assert.equal(sent.body.state, 'link-sent');
    await until(async () => (await account('linked')).challenge?.practice?.link !== undefined);
    await ask(`challenges/${challenge.id}/click`, { body: {} });
    await until(async () => (await account('linked')).state === 'valid');
  });

  it('list the sessions by page, and sign them out', async () => {
    await ask('accounts/open/sign-in', { body: {} });
    const all = await ask('sessions');
    assert.equal(all.body.total, 3);
    const users = all.body.sessions.map(({ user }: { user: string }) => user);
    assert.deepEqual([...users].sort(), ['link', 'plain', 'sms']);
    const pages: string[] = [];
    let after = '';
    for (;;) {
      const { body } = await ask(`sessions?limit=1&after=${after}`);
      pages.push(...body.sessions.map(({ user }: { user: string }) => user));
      if (!body.next) break;
      after = body.next;
    }
    assert.deepEqual(pages, users);
    assert.equal((await ask('sessions?limit=0')).body.sessions.length, 1);
    const one = (await ask('sessions?user=plain')).body.sessions[0];
    assert.deepEqual([one.server, one.user], ['open', 'plain']);
    assert.ok(one.since <= Date.now() && one.expires_at > Date.now() && one.renewed_at <= Date.now());
    assert.deepEqual((await ask(`sessions/${one.id}/sign-out`, { body: {} })).body, { signed_out: 1 });
    assert.equal((await ask(`sessions/${one.id}/sign-out`, { body: {} })).status, 404);
    assert.deepEqual((await ask('sessions/sign-out', { body: { server: 'robot', user: 'sms' } })).body, {
      signed_out: 1,
    });
    assert.deepEqual((await ask('sessions/sign-out', { body: { server: 'linked' } })).body, { signed_out: 1 });
    assert.equal((await ask('sessions')).body.total, 0);
  });

  it('list events, with the user of the editor who caused them', async () => {
    const { events } = (await ask('events')).body;
    const signedIn = events.find(
      (each: AdminAnswer['body']) => each.event === 'vg-auth.sign-in' && each.user === 'sms',
    );
    assert.deepEqual([signedIn.account, signedIn.by], [{ id: 'robot', name: 'The robot' }, 'admin']);
    // The editor's user sent the link, and its recipient signed in.
    const byLink = events.find((each: AdminAnswer['body']) => each.event === 'vg-auth.sign-in' && each.user === 'link');
    assert.deepEqual([byLink.account.id, byLink.by], ['linked', undefined]);
    const linkSent = events.find(({ event }: { event: string }) => event === 'vg-auth.link-sent');
    assert.deepEqual([linkSent.account.id, linkSent.by], ['linked', 'admin']);
    const kinds = events.filter(({ user }: { user?: string }) => user === 'sms');
    assert.ok(kinds.some(({ event }: { event: string }) => event === 'vg-auth.code-sent'));
    const numbers = events.map(({ n }: { n: number }) => n);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.deepEqual((await ask(`events?after=${numbers.at(-1)}`)).body.events, []);
    assert.match(nodeRed.log, /vg-auth\.submit-requested/);
    assert.match(nodeRed.log, /vg-auth\.sign-in-requested/);
  });

  it('refuse invalid requests, and do nothing', async () => {
    const before = (await account('good')).counts.requests;
    for (const [path, body, status] of [
      ['accounts/nobody/renew', {}, 404],
      ['accounts/people/renew', {}, 409],
      ['accounts/good/renew', { more: 'x' }, 400],
      ['accounts/good/renew', ['x'], 400],
      ['challenges/x/submit', { code: 123456 }, 400],
      ['sessions/sign-out', {}, 400],
      ['sessions/sign-out', { server: 'robot', user: ['sms'] }, 400],
      ['sessions/sign-out', { server: 'nobody' }, 404],
    ] as const) {
      const answer = await ask(path, { body });
      assert.equal(answer.status, status, `${path} ${JSON.stringify(body)}: ${answer.text}`);
      assertSentence(answer);
    }
    for (const query of ['limit=x', 'after=1&after=2', 'user[a]=b']) {
      const answer = await ask(`sessions?${query}`);
      assert.equal(answer.status, 400, query);
      assertSentence(answer);
    }
    assert.match((await ask('sessions/sign-out', { body: {} })).body.message, /does not contain the ID of a node/);
    const text = await ask('accounts/good/renew', { body: {}, headers: { 'content-type': 'text/plain' } });
    assert.equal(text.status, 400);
    const withoutBody = async (site: string): Promise<number> => {
      const headers = { ...users.headersOf('admin'), 'sec-fetch-site': site };
      return (await fetch(`${nodeRed.url}vg-auth/accounts/people/renew`, { method: 'POST', headers })).status;
    };
    assert.equal(await withoutBody('cross-site'), 400, 'a page of another site, by fetch in the mode no-cors');
    assert.equal(await withoutBody('same-origin'), 409, 'the editor');
    assert.equal((await account('good')).counts.requests, before);
  });

  it('let a reader read and not act, and a user without permissions do neither', async () => {
    for (const path of ['accounts', 'sessions', 'events', 'health']) {
      for (const as of ['reader', 'narrow'])
        assert.ok([200, 503].includes((await ask(path, { as })).status), `${path} ${as}`);
      for (const as of ['flows', 'nobody']) assert.equal((await ask(path, { as })).status, 401, `${path} ${as}`);
    }
    for (const path of [
      'accounts/good/renew',
      'accounts/good/sign-out',
      'challenges/x/submit',
      'sessions/sign-out',
      'sessions/x/sign-out',
    ]) {
      for (const as of ['reader', 'narrow', 'flows', 'nobody']) {
        assert.equal((await ask(path, { body: {}, as })).status, 401, `${path} ${as}`);
      }
    }
  });

  it('give a scraper its metrics and the health, without personal data', async () => {
    const bearer = { authorization: `Bearer ${METRICS_TOKEN}` };
    const metrics = await ask('metrics', { as: 'nobody', headers: bearer });
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(metrics.text, /^vg_auth_account_ok\{id="bad",account="The bad",type="vgs-account"\} 0$/m);
    assert.match(
      metrics.text,
      /^vg_auth_token_requests_total\{id="good",account="The good",type="vgs-account",outcome="token"\} \d+$/m,
    );
    const health = await ask('health', { as: 'nobody', headers: bearer });
    assert.equal(health.status, 503);
    assert.deepEqual(
      Object.keys(health.body.accounts[0]).filter(
        (key) => !['id', 'type', 'name', 'state', 'ok', 'since', 'reason', 'code'].includes(key),
      ),
      [],
    );
    for (const wrong of ['THE-METRICS', 'THE-METRICS-TOKEN-2', 'x']) {
      assert.equal(
        (await ask('metrics', { as: 'nobody', headers: { authorization: `Bearer ${wrong}` } })).status,
        401,
        wrong,
      );
    }
    assert.equal((await ask('accounts', { as: 'nobody', headers: bearer })).status, 401);
  });
});

import assert from 'node:assert/strict';
import { assertFault } from '../support/faults.ts';
import type { Arrival } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { assertTimeAfter, type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { type Answer, type Answerer, always, serve, type TestServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const LINK = way('w-link', 2, 1);
const SMS = way('w-sms', 1, 2);

function assertState({ at, msg }: Arrival, output: string, state: string, reason?: string): void {
  assert.equal(at, output, JSON.stringify(msg.auth ?? msg.error?.message));
  assert.deepEqual([msg.auth?.system, msg.auth?.state, msg.auth?.reason], ['vg', state, reason]);
  assert.equal('token' in msg, output === 'in');
}

describe('a link that a person has to click', () => {
  it('is reported at once, and the sign-in after the click (practice server)', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('link'));
    const { msg } = await flow.ask('login');

    const sent = await flow.ask('choose', { ...msg, payload: '', topic: 'kept' });
    assertState(sent, 'mfa', 'link-sent');
    assert.match(flow.status('choose'), /practice.*link-in-log/);
    const { visualGuard } = flow.engine.practice;
    await until(() => visualGuard.inboxOf('link')?.kind === 'link');
    assert.deepEqual(flow.left, []);

    assert.ok(await visualGuard.click(visualGuard.inboxOf('link')?.text ?? ''));
    const signedIn = await flow.next();
    assertState(signedIn, 'in', 'signed-in');
    assert.equal(signedIn.msg.topic, 'kept');
    assert.match(signedIn.msg.token?.access_token ?? '', /^practice-vg-/);
    assert.match(flow.status('choose'), /valid-until/);
  });

  it('is reported at once by the login that prefers it', async () => {
    const flow = await load(guardFlow(PRACTICE, { login: { method: 'link-email' } }), stored('all'));

    assertState(await flow.ask('login'), 'mfa', 'link-sent');
    const { visualGuard } = flow.engine.practice;
    await until(() => visualGuard.inboxOf('all')?.kind === 'link');
    await visualGuard.click(visualGuard.inboxOf('all')?.text ?? '');
    assertState(await flow.next(), 'in', 'signed-in');
  });

  describe('at a server', () => {
    let time: HeldTime;
    let server: TestServer;
    let flow: Flow;
    let offered: Arrival;
    /** The link requests that were kept open, the newest last. */
    let links: ((answer: Answer) => void)[] = [];
    const answerLink = (answer: Answer): void => links.at(-1)?.(answer);
    /** Whether the client disconnected while the link was open. */
    let gone = false;

    const holdOpen: Answerer = (request, response) => {
      if (stepOf(request) !== 'choose') return challenges(LINK, SMS);
      response.once('close', () => {
        gone = !response.writableFinished;
      });
      return new Promise((resolve) => {
        links.push(resolve);
      });
    };
    const choose = (payload = 'link-email'): Promise<Arrival> =>
      flow.ask('choose', { auth: offered.msg.auth, payload });

    beforeEach(async () => {
      time = holdTime();
      gone = false;
      links = [];
      server = await serve(holdOpen);
      flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('person'));
      offered = await flow.ask('login');
      assertState(await choose(), 'mfa', 'link-sent');
      await until(() => links.length === 1);
    });

    it('clicked: output 1', async () => {
      answerLink(signsIn('token-1'));
      const { at, msg } = await flow.next();
      assert.equal(at, 'in');
      assert.equal(msg.token?.access_token, 'token-1');
    });

    it('reported as too late by the server: output 3', async () => {
      answerLink(says('Failure, MFA_LinkTimeout'));
      assertState(await flow.next(), 'refused', 'refused', 'mfa-timeout');
    });

    it('no answer for 330 s: output 3', async () => {
      await time.pass(330_000);
      assertState(await flow.next(), 'refused', 'refused', 'mfa-timeout');
    });

    it('reported as too late by the server, after the 300 s of the challenge: output 3', async () => {
      await time.pass(301_000);
      answerLink(says('Failure, MFA_LinkTimeout'));
      assertState(await flow.next(), 'refused', 'refused', 'mfa-timeout');
    });

    for (const status of [502, 504]) {
      it(`${status} from a gateway: output 2, the outcome is unknown and the challenge stays`, async () => {
        answerLink({ status, headers: { 'content-type': 'text/html' }, body: '<html>THE-BODY</html>' });
        const { at, msg } = await flow.next();
        assertState({ at, msg }, 'mfa', 'link-sent', 'outcome-unknown');
        assert.equal(msg.auth?.challenge?.id, offered.msg.auth?.challenge?.id);
        assertState(await flow.ask('submit', { auth: msg.auth, payload: '1' }), 'mfa', 'link-sent');
      });
    }

    it('with a connection that is cut: output 2, the outcome is unknown', async () => {
      await server.close();
      assertState(await flow.next(), 'mfa', 'link-sent', 'outcome-unknown');
    });

    it('with another fault: a Catch node', async () => {
      answerLink({ status: 503, body: '<html>THE-BODY</html>' });
      assertFault(await flow.next(), 'AUTH_UNAVAILABLE', server.host);
    });

    it('followed by a code: output 2, nothing sent', async () => {
      assertState(await flow.ask('submit', { auth: offered.msg.auth, payload: '123' }), 'mfa', 'link-sent');
      assert.deepEqual(server.requests.map(stepOf), ['login', 'choose']);
    });

    it('requested again within 30 s: held back; after that it is sent again, and the first is aborted', async () => {
      const held = await choose();
      assertState(held, 'mfa', 'link-sent', 'held-back');
      assertTimeAfter(held.msg.auth?.retry_at, time, 30_000);

      await time.pass(30_000);
      assertState(await choose(), 'mfa', 'link-sent');
      await until(() => gone && links.length === 2);
      answerLink(signsIn('token-1'));
      assertState(await flow.next(), 'in', 'signed-in');
      assert.deepEqual(flow.left, []);
    });

    it('aborted for a code: output 2, and the code signs in', async () => {
      await time.pass(30_000);
      server.answer = always(says('Failure, MFA_WaitingUserAction'));
      assertState(await choose('otp-sms'), 'mfa', 'code-required');
      await until(() => gone);
      server.answer = always(signsIn('token-1'));
      assertState(await flow.ask('submit', { auth: offered.msg.auth, payload: '1' }), 'in', 'signed-in');
      assert.deepEqual(flow.left, []);
    });

    it('closed with its node: the request is aborted, the challenge is kept, and no message is sent', async () => {
      await flow.deploy(guardFlow({ url: server.origin, applicationId: 'a' }));
      await until(() => gone);

      assertState(await flow.ask('submit', { auth: offered.msg.auth, payload: '1' }), 'mfa', 'link-sent');
      await time.pass(30_000);
      assertState(await choose(), 'mfa', 'link-sent');
      await until(() => links.length === 2);
      answerLink(signsIn('token-1'));
      assertState(await flow.next(), 'in', 'signed-in');
      assert.deepEqual(flow.left, []);
    });
  });
});

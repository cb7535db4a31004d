import assert from 'node:assert/strict';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { type Answerer, serve } from '../support/servers.ts';
import { challenge, SMS, signedIn, waiting, wrongCode } from '../support/vg-replies.ts';

const PEOPLE = 1_000;
const OUTPUTS = ['signed-in', 'mfa', 'refused'];

function flowAt(url: string): FlowNode[] {
  return [
    { id: 'server', type: 'vg-server', url, applicationId: 'app' },
    wire('vg-login', 'login', OUTPUTS, {
      server: 'server',
      username: 'user',
      usernameType: 'msg',
      password: 'password',
      passwordType: 'msg',
      method: 'otp-sms',
    }),
    wire('vg-mfa', 'submit', OUTPUTS, { action: 'submit', code: 'code', codeType: 'msg', challenge: 'id' }),
    ...OUTPUTS.map(place),
  ];
}

/** The code of a user. One with hyphens would be sent without them. */
function codeOf(user: string): string {
  return `code${user.replaceAll('-', '')}`;
}

/** Each person has a request, a code and a token of their own. */
const answer: Answerer = ({ form }) => {
  const user = form.get('Username');
  if (user !== null) return challenge([SMS], `request-${user}`);
  const request = form.get('AuthenticationRequestId') ?? '';
  const person = request.replace('request-', '');
  const code = form.get('MFASecureCode');
  if (code === null) return waiting;
  return code === codeOf(person) ? signedIn(`token-${person}`) : wrongCode;
};

describe('many people at once', () => {
  it('each get their own token, with codes that come back in another order and contain only the challenge', async function () {
    this.timeout(300_000);
    // No time-out ends, however busy the machine is.
    holdTime();
    const server = await serve(answer);
    const flow = await load(flowAt(server.origin));
    for (let person = 0; person < PEOPLE; person += 1) flow.send('login', { user: `p${person}`, password: 'x' });
    const asked = await Promise.all(Array.from({ length: PEOPLE }, () => flow.next('mfa')));
    assert.equal(flow.engine.challenges.size, PEOPLE);

    const open = asked.map(({ msg }) => ({ user: msg.auth?.user, id: msg.auth?.challenge?.id }));
    assert.equal(new Set(open.map(({ id }) => id)).size, PEOPLE);
    // Another order, the same in each run.
    open.sort((a, b) =>
      String(a.user).split('').reverse().join('').localeCompare(String(b.user).split('').reverse().join('')),
    );
    for (const { user, id } of open) flow.send('submit', { id, code: codeOf(user ?? ''), for: user });
    const done = await Promise.all(Array.from({ length: PEOPLE }, () => flow.next('signed-in')));

    for (const { msg } of done) {
      assert.equal(msg.token?.access_token, `token-${msg.for}`);
      assert.equal(msg.auth?.user, msg.for);
    }
    assert.equal(new Set(done.map(({ msg }) => msg.for)).size, PEOPLE);
    assert.equal(flow.engine.challenges.size, 0, 'what was answered is forgotten');
    assert.equal(flow.engine.sessions.size, PEOPLE);
    await flow.deploy([place('signed-in')]);
    assert.equal(flow.engine.sessions.size, 0, 'what nobody holds is forgotten');
  });
});

import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { HttpTransport } from '../../src/http/transport.ts';
import { checkApi } from '../../src/oauth/api-check.ts';
import { findTokenEndpoint } from '../../src/oauth/endpoint-search.ts';
import { createToken } from '../../src/oauth/token.ts';
import type { Arrival, FlowNode } from '../support/flows.ts';
import { guardFlow } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { answerOf, type RecordedReply, recordedReplies } from '../support/recorded-servers.ts';
import { type Flow, load, logged } from '../support/runtime.ts';
import { always, inTurn, serve, type TestServer } from '../support/servers.ts';
import { vgsFlow } from '../support/token-server.ts';

/** The result at a flow: the output, with `reason` and the server's text; or `caught`, with the code of the error. */
interface Outcome {
  at: string;
  state?: string;
  reason?: string;
  error?: string;
  error_description?: string;
  code?: string;
  revoked?: string[];
}

const refused = (reason: string, error: string, description?: string): Outcome => ({
  at: 'refused',
  state: 'refused',
  reason,
  error,
  ...(description ? { error_description: description } : {}),
});
const signedIn = (at: string): Outcome => ({ at, state: 'signed-in' });
const caught = (code: string): Outcome => ({ at: 'caught', code });
const expired: Outcome = { at: 'needed', state: 'sign-in-needed', reason: 'session-expired' };

/** The request that a reply answers: a sign-in, the renewal of a session, or a sign-out. */
type Step = 'sign-in' | 'renewal' | 'sign-out';

const IDENTITY_SERVER: Record<string, [Step, Outcome]> = {
  'signed in': ['sign-in', signedIn('in')],
  'wrong password': ['sign-in', { at: 'refused', state: 'refused', reason: 'credentials-invalid' }],
  'wrong client secret': ['sign-in', refused('client-invalid', 'invalid_client')],
  'no client secret': ['sign-in', refused('client-invalid', 'invalid_client')],
  'unknown client': ['sign-in', refused('client-invalid', 'invalid_client')],
  'disabled client': ['sign-in', refused('client-invalid', 'invalid_client')],
  'client without the grant': ['sign-in', refused('grant-not-allowed', 'unsupported_grant_type')],
  'unknown grant': ['sign-in', refused('grant-not-allowed', 'unsupported_grant_type')],
  'no grant': ['sign-in', refused('grant-not-allowed', 'unsupported_grant_type')],
  'unknown scope': ['sign-in', refused('scope-invalid', 'invalid_scope')],
  'scope of more than 300 characters': ['sign-in', refused('scope-invalid', 'invalid_scope')],
  'offline_access not allowed': ['sign-in', refused('scope-invalid', 'invalid_scope')],
  'a challenge': ['sign-in', { at: 'mfa', state: 'mfa-required' }],
  refreshed: ['renewal', { at: 'ready' }],
  'a one-time refresh token used twice': ['renewal', expired],
  'no refresh token': ['renewal', { ...refused('unknown', 'invalid_request'), at: 'needed' }],
  revoked: ['sign-out', { at: 'out', state: 'signed-out', revoked: ['refresh_token'] }],
  'revoked a second time': ['sign-out', { at: 'out', state: 'signed-out', revoked: ['refresh_token'] }],
  'revocation by another client secret': ['sign-out', { at: 'out', state: 'signed-out', revoked: [] }],
  'GET on the token endpoint': ['sign-in', refused('unknown', 'invalid_request')],
  'an address that does not exist': ['sign-in', caught('AUTH_BAD_RESPONSE')],
  'an exception in the server': ['sign-in', caught('AUTH_UNAVAILABLE')],
};

const SCOPE = 'This client application is not allowed to use the specified scope.';
const SECRET =
  "The 'client_secret' or 'client_assertion' parameter must be specified when using the client credentials grant.";
const OPEN_IDDICT: Record<string, Outcome> = {
  'signed in': signedIn('token'),
  'wrong client secret': refused('client-invalid', 'invalid_client', 'The specified client credentials are invalid.'),
  'wrong client secret, by header': refused(
    'client-invalid',
    'invalid_client',
    'The specified client credentials are invalid.',
  ),
  'unknown client': refused('client-invalid', 'invalid_client', "The specified 'client_id' is invalid."),
  'client without the grant': refused(
    'grant-not-allowed',
    'unauthorized_client',
    'This client application is not allowed to use the specified grant type.',
  ),
  'client without the endpoint': refused(
    'client-invalid',
    'unauthorized_client',
    'This client application is not allowed to use the token endpoint.',
  ),
  'public client': refused('unknown', 'invalid_request', SECRET),
  'unknown scope': refused('scope-invalid', 'invalid_scope', "The specified 'scope' is invalid."),
  'a scope that the client may not have': refused('unknown', 'invalid_request', SCOPE),
  'unknown grant': refused(
    'grant-not-allowed',
    'unsupported_grant_type',
    "The specified 'grant_type' is not supported.",
  ),
  'GET on the token endpoint': refused('unknown', 'invalid_request', 'The specified HTTP method is not valid.'),
  'an address that does not exist': caught('AUTH_BAD_RESPONSE'),
};

/** The results of Test for replies that no token endpoint sends. */
const OTHERS = {
  'the API with a bad token': { state: 'refused', status: 401 },
  'the API without a token': { state: 'refused', status: 401 },
  'the API with a good token': { state: 'ok', status: 200 },
  discovery: { tokenEndpoint: '/connect/token', isIssuer: true },
};

/** The same, with recorded replies. */
async function othersOf(replies: Map<string, RecordedReply>): Promise<object> {
  const found: Record<string, object | undefined> = {};
  for (const what of Object.keys(OTHERS)) {
    const recorded = replies.get(what) as RecordedReply;
    const server: TestServer = await serve(() => {
      const answer = answerOf(recorded);
      return { ...answer, body: String(answer.body).replaceAll(/http:\/\/127\.0\.0\.1:530\d/g, server.origin) };
    });
    const transport = new HttpTransport(new URL(server.origin));
    const parts = { accessToken: 'a', sentAt: 0, lifetime: 1000, scope: [], missingScope: [] };
    const { host, ...result } = {
      host: '',
      ...(what === 'discovery'
        ? await findTokenEndpoint(server.origin, transport)
        : await checkApi(`${server.origin}/api/me`, createToken(parts, systemClock), transport)),
    };
    found[what] = JSON.parse(JSON.stringify(result).replace(server.origin, ''));
    transport.close();
  }
  return found;
}

/** The arrived message, without the parts that differ each time. */
function outcomeOf({ at, msg }: Arrival): Outcome {
  const { state, reason, error, error_description, revoked } = msg.auth ?? {};
  return JSON.parse(JSON.stringify({ at, state, reason, error, error_description, revoked, code: msg.error?.code }));
}

function assertShowsNothing(msg: object): void {
  assert.doesNotMatch(JSON.stringify(msg) + logged(), /eyJhbGci|B8E3…|0A1B…|THE-/);
}

describe('the recorded replies of an IdentityServer4', () => {
  const replies = recordedReplies('identityserver4');
  let server: TestServer;
  let flow: Flow;

  beforeEach(async () => {
    holdTime();
    server = await serve(always({}));
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const nodes = guardFlow({ url: server.origin, applicationId: 'app-1' }, { login }).map((node): FlowNode => {
      const session = { user: 'auth.session', userType: 'session' };
      return ['attach', 'logout'].includes(node.id) ? { ...node, ...session } : node;
    });
    flow = await load(nodes, { server: { clientSecret: 'THE-CLIENT-SECRET' } });
  });

  it('each have an outcome', () => {
    assert.deepEqual([...replies.keys()].sort(), [...Object.keys(IDENTITY_SERVER), ...Object.keys(OTHERS)].sort());
  });

  it('of the API and of discovery have the same result in Test', async () => {
    assert.deepEqual(await othersOf(replies), OTHERS);
  });

  for (const [what, [step, outcome]] of Object.entries(IDENTITY_SERVER)) {
    it(`${what}: ${JSON.stringify(outcome)}`, async () => {
      const reply = answerOf(replies.get(what) as RecordedReply);
      const person = { user: 'ada', password: 'THE-PASSWORD' };
      if (step === 'sign-in') {
        server.answer = always(reply);
        const arrival = await flow.ask('login', { ...person });
        assert.deepEqual(outcomeOf(arrival), outcome);
        assertShowsNothing(arrival.msg);
        return;
      }
      const grant = answerOf(replies.get('signed in') as RecordedReply);
      // A token of 1 s is renewed by the next message.
      server.answer = inTurn({ ...grant, body: String(grant.body).replace('1800', '1') }, reply);
      const { msg } = await flow.ask('login', { ...person });
      const arrival = await flow.ask(step === 'renewal' ? 'attach' : 'logout', { auth: msg.auth });
      const { auth: _left, ...ready } = arrival.msg;
      const shown = arrival.at === 'ready' ? { at: arrival.at, msg: ready } : arrival;
      assert.deepEqual(outcomeOf(shown), outcome);
      assert.equal(server.requests.length, 2);
      assertShowsNothing(arrival.msg);
    });
  }
});

describe('the recorded replies of an OpenIddict', () => {
  const replies = recordedReplies('openiddict');

  it('each have an outcome', () => {
    assert.deepEqual([...replies.keys()].sort(), [...Object.keys(OPEN_IDDICT), ...Object.keys(OTHERS)].sort());
  });

  it('of the API and of discovery have the same result in Test', async () => {
    assert.deepEqual(await othersOf(replies), OTHERS);
  });

  for (const [what, outcome] of Object.entries(OPEN_IDDICT)) {
    it(`${what}: ${JSON.stringify(outcome)}`, async () => {
      holdTime();
      const server = await serve(always(answerOf(replies.get(what) as RecordedReply)));
      const flow = await load(vgsFlow(`${server.origin}/connect/token`, { scope: 'cards:write' }), {
        account: { clientId: 'plain', clientSecret: 'THE-CLIENT-SECRET' },
      });
      const arrival = await flow.ask('get');
      assert.deepEqual(outcomeOf(arrival), outcome);
      assertShowsNothing(arrival.msg);
    });
  }
});

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';

const OUTPUTS = ['signed-in', 'mfa', 'refused'];
const FROM_PAYLOAD = { username: 'payload.user', usernameType: 'msg', password: 'payload.secret', passwordType: 'msg' };
const PLACES = [...OUTPUTS, 'token', 'no-token', 'ready', 'needed'].map(place);
const SERVER: FlowNode = { id: 'server', type: 'vg-server', practice: true };
const ACCOUNT: FlowNode = { id: 'account', type: 'vgs-account', practice: true };
const login = (properties: object, id = 'login'): FlowNode =>
  wire('vg-login', id, OUTPUTS, { server: 'server', ...FROM_PAYLOAD, ...properties });
const attach = (id: string, properties: object): FlowNode => wire('attach-bearer', id, ['ready', 'needed'], properties);

/** A payload of a class, as a Function node can make one. */
class Entry {
  user = 'plain';
  get secret(): string {
    return 'THE-SECRET';
  }
}

describe('the properties of a message', () => {
  it('that are read may be the one that receives the token', async () => {
    const submit = wire('vg-mfa', 'submit', OUTPUTS, { action: 'submit', property: 'payload' });
    const flow = await load([SERVER, login({ property: 'payload', method: 'first' }), submit, ...PLACES]);

    const { msg } = await flow.ask('login', { payload: { user: 'sms', secret: 'practice' } });
    assert.equal(msg.auth?.state, 'code-required', msg.error?.message);
    const code = flow.engine.practice.visualGuard.inboxOf('sms')?.text;
    const done = await flow.ask('submit', { ...msg, payload: code });
    assert.equal(done.at, 'signed-in', done.msg.error?.message);
    assert.equal((done.msg.payload as { token_type: string }).token_type, 'Bearer');
  });

  it('that cannot hold a token are reported to a Catch node: a message never leaves output 1 without its token', async () => {
    const get = wire('vgs-token', 'get', ['token', 'no-token'], { account: 'account', property: 'payload.token' });
    const flow = await load([ACCOUNT, get, ...PLACES]);
    const { at, msg } = await flow.ask('get', { payload: 'a text' });
    assert.deepEqual([at, msg.error?.code, msg.payload], ['caught', 'AUTH_CONFIG', 'a text']);
    assert.match(msg.error?.message ?? '', /"payload\.token"/);
    assert.equal((await flow.ask('get', { payload: {} })).at, 'token');
  });

  it('that are an environment variable without a value are reported from the start', async () => {
    const get = wire('vgs-token', 'get', ['token', 'no-token'], { account: 'account', property: '$(NOT_THERE)' });
    const other = wire('vgs-token', 'other', ['token', 'no-token'], { account: '$(NOT_THERE)' });
    const flow = await load([ACCOUNT, get, other, ...PLACES]);
    for (const id of ['get', 'other']) {
      assert.match(flow.status(id), /variable-missing/);
      const { msg } = await flow.ask(id);
      assert.deepEqual([msg.error?.code, /NOT_THERE/.test(msg.error?.message ?? '')], ['AUTH_CONFIG', true]);
    }
  });

  it('that contained a password are removed, even if nobody is signed in', async () => {
    const broken: FlowNode = { id: 'broken', type: 'vg-server', url: '', applicationId: 'app' };
    const alone: FlowNode = { id: 'alone', type: 'vg-server', practice: true, module: 'Passwordless' };
    const nodes = [login({}), login({ server: 'broken' }, 'login-broken'), login({ server: 'alone' }, 'login-alone')];
    const flow = await load([SERVER, broken, alone, ...nodes, ...PLACES]);
    for (const [id, payload] of [
      ['login', { secret: 'THE-SECRET' }],
      ['login-broken', { user: 'plain', secret: 'THE-SECRET' }],
      ['login-alone', { user: 'plain', secret: 'THE-SECRET' }],
    ] as const) {
      const { msg } = await flow.ask(id, { payload });
      assert.doesNotMatch(JSON.stringify(msg), /THE-SECRET/, id);
    }
  });

  describe('that contained a password are deleted', () => {
    const cases: Record<string, () => { payload: unknown; property?: string; req?: object }> = {
      'a frozen object': () => ({ payload: Object.freeze({ user: 'plain', secret: 'THE-SECRET' }) }),
      'an object in frozen ones': () => ({
        payload: Object.freeze({ user: 'plain', deep: Object.freeze([Object.freeze({ secret: 'THE-SECRET' })]) }),
        property: 'payload.deep[0].secret',
      }),
      'a frozen array': () => ({
        payload: { user: 'plain', list: Object.freeze(['THE-SECRET', 'other']) },
        property: 'payload["list"][0]',
      }),
      'a property that cannot be deleted': () => ({
        payload: Object.defineProperty({ user: 'plain' }, 'secret', { value: 'THE-SECRET', enumerable: true }),
      }),
      'a getter of the object': () => ({
        payload: {
          user: 'plain',
          get secret() {
            return 'THE-SECRET';
          },
        },
      }),
      'a getter of a class': () => ({ payload: new Entry() }),
      'an object without a prototype': () => ({
        payload: Object.assign(Object.create(null), { user: 'plain', secret: 'THE-SECRET' }),
      }),
      'an own property with the name of the prototype': () => ({
        payload: JSON.parse('{"user": "plain", "__proto__": {"secret": "THE-SECRET"}}'),
        property: 'payload["__proto__"].secret',
      }),
      'a frozen body of a request': () => ({
        payload: { user: 'plain', secret: 'THE-SECRET' },
        req: { body: Object.freeze({ user: 'plain', secret: 'THE-SECRET' }) },
      }),
      'a request that has nothing else': () => ({ payload: { user: 'plain', secret: 'THE-SECRET' }, req: {} }),
    };

    for (const [title, make] of Object.entries(cases)) {
      it(`in ${title}`, async () => {
        const { payload, property = 'payload.secret', req } = make();
        const flow = await load([SERVER, login({ password: property }), ...PLACES]);
        const { at, msg } = await flow.ask('login', { payload, ...(req ? { req } : {}) });
        assert.deepEqual([at, msg.auth?.reason], ['refused', 'credentials-invalid'], msg.error?.message);
        assert.doesNotMatch(inspect(msg, { depth: 9, getters: true }), /THE-SECRET/);
        assert.equal((msg.payload as { user: string }).user, 'plain', 'the rest is kept');
        assert.doesNotMatch(inspect((msg as { req?: object }).req), /THE-SECRET/);
        assert.equal(new Entry().secret, 'THE-SECRET', 'a class stays as it was');
      });
    }

    it('but never in objects that all messages share', async () => {
      const flow = await load([SERVER, login({ password: 'payload[msg.a][msg.b]' }), ...PLACES]);
      const { at } = await flow.ask('login', { payload: { user: 'plain' }, a: '__proto__', b: 'hasOwnProperty' });
      assert.equal(at, 'caught', 'a function is no password');
      assert.equal(typeof Object.prototype.hasOwnProperty, 'function');
      assert.equal(
        (await flow.ask('login', { payload: { user: 'plain' }, a: 'constructor', b: 'name' })).at,
        'refused',
      );
      assert.equal(Object.name, 'Object');
    });

    it('in the request only if the value is the same', async () => {
      const flow = await load([SERVER, login({}), ...PLACES]);
      const req = { body: { secret: 'another' }, query: { secret: 'a third' }, url: '/a?secret=a+third' };
      const { msg } = await flow.ask('login', { payload: { user: 'plain', secret: 'THE-SECRET' }, req });
      assert.deepEqual((msg as { req?: object }).req, {
        body: { secret: 'another' },
        query: { secret: 'a third' },
        url: '/a?secret=a+third',
      });
    });
  });

  it('headers may be frozen, and come back unchanged', async () => {
    const flow = await load([ACCOUNT, attach('attach', { source: 'vgs', account: 'account' }), ...PLACES]);
    const headers = Object.freeze({ accept: 'text/plain', Authorization: 'Basic of the flow' });
    const { msg } = await flow.ask('attach', { headers });
    assert.deepEqual(Object.keys(msg.headers ?? {}), ['accept']);
    msg.statusCode = 401;
    msg.headers = { 'content-length': '3' };
    const again = await flow.ask('attach', msg);
    assert.deepEqual(Object.keys(again.msg.headers ?? {}), ['accept']);
    assert.deepEqual({ ...headers }, { accept: 'text/plain', Authorization: 'Basic of the flow' });
  });
});

describe('the status of attach bearer', () => {
  it('is updated when a message gets its header', async () => {
    const flow = await load([
      SERVER,
      ACCOUNT,
      login({}),
      attach('by-message', { source: 'msg' }),
      attach('by-session', { source: 'vg', server: 'server', userType: 'session', user: 'auth.session' }),
      attach('by-account', { source: 'vgs', account: 'account' }),
      ...PLACES,
    ]);
    const { msg } = await flow.ask('login', { payload: { user: 'plain', secret: 'practice' } });
    for (const id of ['by-message', 'by-session']) {
      assert.equal((await flow.ask(id)).at, 'needed');
      assert.match(flow.status(id), /token-missing|no-session/);
      assert.equal((await flow.ask(id, { token: msg.token, auth: msg.auth } as never)).at, 'ready');
      assert.match(flow.status(id), /ready/);
    }
    await flow.ask('by-account', { _msgid: 'a' });
    // The first may be of another API, the second forces a renewal.
    for (let count = 0; count < 2; count += 1) await flow.ask('by-account', { _msgid: 'a', statusCode: 401 });
    assert.equal((await flow.ask('by-account', { _msgid: 'a', statusCode: 401 })).at, 'needed');
    assert.match(flow.status('by-account'), /token-rejected/);
    await flow.ask('by-account', { _msgid: 'b' });
    assert.match(flow.status('by-account'), /valid-until/);
  });

  it('shows from the start that the stored user is needed and none is stored', async () => {
    const empty: FlowNode = { id: 'empty', type: 'vg-server', url: 'https://id.example.org', applicationId: 'app' };
    const nodes = [
      empty,
      wire('vg-login', 'login', OUTPUTS, { server: 'empty' }),
      wire('vg-logout', 'logout', ['ready'], { server: 'empty' }),
      attach('attach', { source: 'vg', server: 'empty' }),
      ...PLACES,
    ];
    // Without any credentials at all, they could be lost, and the status would say that.
    const flow = await load(nodes, { empty: { clientSecret: 'a secret' } });
    for (const id of ['login', 'logout', 'attach']) assert.match(flow.status(id), /property-missing/, id);
  });
});

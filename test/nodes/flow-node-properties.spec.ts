import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import type { SinonSpy } from 'sinon';
import { FLAGS, FLOW_NODE_CHOICES, USER } from '../support/choices.ts';
import { type FlowNode, type Message, place, wire } from '../support/flows.ts';
import { type Flow, load, logged } from '../support/runtime.ts';

/** Values besides text that a property of an imported flow can have: any JSON value. */
const NO_TEXTS: unknown[] = [true, false, ['a'], ['msg'], [['a']], [], { a: 1 }, { value: 'a', type: 'msg' }];
/** Types of a typedInput that no property of these nodes accepts, and texts that are no type. */
const FOREIGN_TYPES = [
  'bool',
  'jsonata',
  'json',
  'num',
  're',
  'bin',
  'date',
  'cred',
  'node',
  'xx',
  '__proto__',
  ' msg',
];

/** A flow node: a base that works, its choices with all their values, its texts, and its flags. */
interface NodeCase {
  base: object;
  outputs: number;
  choices: Record<string, readonly string[]>;
  texts: readonly string[];
  flags?: readonly string[];
}

const CASES: Record<string, NodeCase> = {
  'vgs-token': {
    base: { account: 'account', accountName: 'calledAccount' },
    outputs: 2,
    choices: FLOW_NODE_CHOICES['vgs-token'],
    texts: ['account', 'accountName', 'property'],
  },
  'vg-login': {
    base: { server: 'server', serverName: 'called', username: 'who', password: 'word' },
    outputs: 3,
    choices: FLOW_NODE_CHOICES['vg-login'],
    texts: ['server', 'serverName', 'username', 'password', 'property'],
  },
  'vg-mfa': {
    base: { code: 'payload', method: 'payload', challenge: 'auth.challenge.id' },
    outputs: 3,
    choices: FLOW_NODE_CHOICES['vg-mfa'],
    texts: ['code', 'method', 'challenge', 'property'],
  },
  'vg-logout': {
    base: { server: 'server', serverName: 'called', user: 'who' },
    outputs: 1,
    choices: FLOW_NODE_CHOICES['vg-logout'],
    texts: ['server', 'serverName', 'user'],
  },
  'attach-bearer': {
    base: {
      source: 'vg',
      account: 'account',
      accountName: 'calledAccount',
      server: 'server',
      serverName: 'called',
      user: 'who',
    },
    outputs: 2,
    choices: FLOW_NODE_CHOICES['attach-bearer'],
    texts: ['account', 'accountName', 'server', 'serverName', 'user', 'property', 'hosts'],
    flags: FLAGS['attach-bearer'],
  },
};

const CONFIG: FlowNode[] = [
  { id: 'account', type: 'vgs-account', name: 'Acme', practice: true, byName: true },
  { id: 'server', type: 'vg-server', name: 'Bolt', practice: true, byName: true },
];
const STORED = { server: { username: 'plain', password: 'practice' } };
const PLACES = ['one', 'two', 'three'];
/** A message with which the base of each node works. */
const message = (more: Message = {}): Message => ({
  called: 'Bolt',
  calledAccount: 'Acme',
  who: 'plain',
  word: 'practice',
  payload: '012345',
  token: { access_token: 'a-token' } as never,
  ...more,
});

function shown(value: unknown): string {
  return JSON.stringify(value);
}

/** Sends a message to each node. It leaves once, by an output or as an error of this package. */
async function outcomes(flow: Flow, nodes: readonly FlowNode[], msg: () => Message): Promise<Map<string, Message>> {
  const seen = new Map<string, Message>();
  for (const { id } of nodes) {
    const arrival = await flow.ask(id, msg());
    const { error } = arrival.msg;
    assert.ok(arrival.at !== 'caught' || /^AUTH_[A-Z_]+$/.test(error?.code ?? ''), `${id}: ${error?.message}`);
    seen.set(id, arrival.msg);
  }
  return seen;
}

function assertSound(flow: Flow): void {
  assert.deepEqual(flow.left, [], 'a message leaves once');
  assert.doesNotMatch(logged(), /TypeError|is not a function|Cannot read|\[object Object\]/);
}

for (const [type, { base, outputs, choices, texts, flags = [] }] of Object.entries(CASES)) {
  describe(`a property of ${type} with a value that no dialog writes`, () => {
    const wires = PLACES.slice(0, outputs);
    const build = (what: string, properties: object): FlowNode => wire(type, what, wires, { ...base, ...properties });

    it('is AUTH_CONFIG if it is a choice, in the status and for each message', async () => {
      const nodes = Object.entries(choices).flatMap(([property, allowed]) =>
        [...NO_TEXTS, 0, 42, ...FOREIGN_TYPES, ...USER.filter((each) => !allowed.includes(each))].map((value) =>
          build(`${property} ${shown(value)}`, { [property]: value }),
        ),
      );
      for (const property of flags)
        for (const value of [0, 1, 42, 'no', [], [true], {}, { a: 1 }])
          nodes.push(build(`${property} ${shown(value)}`, { [property]: value }));
      const flow = await load([...CONFIG, ...nodes, ...PLACES.map(place)], STORED);

      for (const { id } of nodes) assert.match(flow.status(id), /faults.config-value-unknown$/, id);
      for (const statusCode of [undefined, 401, '401'])
        for (const [id, { error, auth }] of await outcomes(flow, nodes, () => message({ statusCode } as Message))) {
          assert.equal(error?.code, 'AUTH_CONFIG', `${id}: ${JSON.stringify(auth)}`);
          assert.ok(error.message.includes(`The property "${id.split(' ')[0]}" has an unknown value`), error.message);
        }
      assertSound(flow);
    });

    it('is AUTH_CONFIG if it should be a text, whatever its type property. Numbers and booleans are texts', async () => {
      const nodes: FlowNode[] = [];
      for (const property of texts)
        for (const kind of choices[`${property}Type`] ?? [''])
          for (const value of [...NO_TEXTS, 0, 42, null]) {
            const more = kind === '' ? {} : { [`${property}Type`]: kind };
            nodes.push(build(`${property} ${kind} ${shown(value)}`, { ...more, [property]: value }));
          }
      const flow = await load([...CONFIG, ...nodes, ...PLACES.map(place)], STORED);

      for (const statusCode of [undefined, 401, '401'])
        for (const [id, { error }] of await outcomes(flow, nodes, () => message({ statusCode } as Message))) {
          const [property = '', , value = ''] = id.split(/ (.*?) (.*)/);
          const isReference = property === 'account' || property === 'server';
          if (!isReference && /^[[{]/.test(value)) assert.equal(error?.code, 'AUTH_CONFIG', id);
        }
      assertSound(flow);
    });

    it('has its default if it is empty or null', async () => {
      const nodes = [...Object.keys(choices), ...flags].flatMap((property) =>
        [null, ''].map((value) => build(`${property} ${shown(value)}`, { [property]: value })),
      );
      const flow = await load([...CONFIG, ...nodes, ...PLACES.map(place)], STORED);

      for (const [id, { error }] of await outcomes(flow, nodes, message))
        assert.doesNotMatch(error?.message ?? '', /has a value/, id);
      assertSound(flow);
    });

    it('accepts each of its choices', async () => {
      const nodes = Object.entries(choices).flatMap(([property, allowed]) =>
        allowed.map((value) => build(`${property} ${value}`, { [property]: value })),
      );
      const flow = await load([...CONFIG, ...nodes, ...PLACES.map(place)], STORED);

      for (const [id, { error }] of await outcomes(flow, nodes, message))
        assert.doesNotMatch(error?.message ?? '', /has a value/, id);
      assertSound(flow);
    });

    it('has no effect if it is the name', async () => {
      const names = [...NO_TEXTS, 0, 42, null, '\u202e\n', 'x'.repeat(10_000)];
      const nodes = names.map((name) => build(`name ${shown(name)}`.slice(0, 60), { name }));
      const flow = await load([...CONFIG, ...nodes, ...PLACES.map(place)], STORED);

      await outcomes(flow, nodes, message);
      assertSound(flow);
    });
  });
}

describe('a config node whose name is no text', () => {
  for (const name of [...NO_TEXTS, 0, 42, { length: 30 }]) {
    it(`does not affect audit lines and tokens: ${shown(name)}`, async () => {
      const flow = await load(
        [
          { id: 'store', type: 'auth-store', name },
          { id: 'account', type: 'vgs-account', name, practice: true, byName: true },
          { id: 'server', type: 'vg-server', name, practice: true, byName: true, store: 'store' },
          wire('vgs-token', 'get', ['one', 'two'], { account: 'account' }),
          wire('vgs-token', 'named', ['one', 'two'], { accountName: 'name', accountNameType: 'msg' }),
          wire('vg-login', 'login', PLACES, { server: 'server' }),
          wire('vg-mfa', 'mfa', PLACES, { name }),
          ...PLACES.map(place),
        ],
        { ...STORED, store: { encryptionKey: 'a passphrase that is long enough' } },
      );

      assert.equal((await flow.ask('get')).at, 'one');
      assert.equal((await flow.ask('login')).at, 'one');
      assert.equal((await flow.ask('mfa', { payload: '1', auth: { challenge: { id: 'x' } } as never })).at, 'three');
      const named = await flow.ask('named', { name });
      assert.ok(named.at === 'one' || named.msg.error?.code === 'AUTH_CONFIG');
      const events = (helper.log() as unknown as SinonSpy)
        .getCalls()
        .map(({ args: [line] }) => line as { event?: string; name?: unknown })
        .filter(({ event }) => event?.startsWith('vg-auth.'));
      assert.deepEqual(
        events.map(({ event }) => event),
        ['vg-auth.sign-in', 'vg-auth.sign-in', 'vg-auth.refused'],
      );
      for (const line of events) assert.ok(!('name' in line) || typeof line.name === 'string');
      assertSound(flow);
    });
  }
});

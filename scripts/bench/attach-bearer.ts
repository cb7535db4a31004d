import { createToken, mark, remember, requestHeaders, requireBuilt, systemClock, TokenSource } from './built.ts';
import { EmbeddedNodeRed, type Message, NODE_RED } from './embedded.ts';
import { interleave, type Measurement, plainRow, processorTime, type Row, ratioRow } from './measure.ts';

const { util } = requireBuilt(NODE_RED) as { util: { cloneMessage(msg: Message): Message } };

/** Many short rounds: the load of the machine then affects both candidates equally. */
const MESSAGES = 200;
const CALLS = 2_000;
const TIMES = 15;
const WARM_UP = 100;

const PRACTICE = { practice: true, credentials: { username: 'plain', password: 'practice' } };
const VG = {
  type: 'vg-server',
  applicationId: 'bench',
  platform: 'Native',
  scope: 'openid offline_access',
  ...PRACTICE,
};

const FLOW = [
  { id: 'account', type: 'vgs-account', practice: true, scope: '' },
  { id: 'attach', type: 'attach-bearer', source: 'vgs', account: 'account', hide: true, wires: [['sink'], []] },
  { id: 'get', type: 'vgs-token', account: 'account', property: 'token', wires: [['sink'], []] },
  { id: 'store', type: 'auth-store', kind: 'context', credentials: { encryptionKey: 'bench' } },
  { id: 'server', ...VG },
  { id: 'server-shared', ...VG, store: 'store' },
  { id: 'account-shared', type: 'vgs-account', practice: true, scope: '', store: 'store' },
  ...(
    [
      ['attach-shared', { source: 'vgs', account: 'account-shared' }],
      ['attach-msg', { source: 'msg' }],
      ['attach-vg', { source: 'vg', server: 'server', userType: 'stored' }],
      ['attach-vg-shared', { source: 'vg', server: 'server-shared', userType: 'stored' }],
    ] as const
  ).map(([id, source]) => ({ id, type: 'attach-bearer', hide: true, wires: [['sink'], []], ...source })),
  {
    id: 'change',
    type: 'change',
    rules: [{ t: 'set', p: 'headers.authorization', pt: 'msg', to: `Bearer ${'x'.repeat(44)}`, tot: 'str' }],
    wires: [['sink']],
  },
  { id: 'sink', type: 'sink', wires: [] },
];

function bare(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({ _msgid: `m${index}`, payload: { index } }));
}

function withHeaders(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    _msgid: `m${index}`,
    payload: { index },
    url: 'https://api.example.org/cards',
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'x-request': 'a' },
  }));
}

/** Messages with a token: the same token on all, or a different one on each. */
function withToken(count: number, tokenOf: (index: number) => string): Message[] {
  return bare(count).map((msg, index) => ({ ...msg, token: { access_token: tokenOf(index), expires_at: 0 } }));
}

/** Messages as a second wire delivers them: every object was built property by property. */
function cloned(count: number): Message[] {
  return withHeaders(count).map((msg) => util.cloneMessage(msg));
}

/** `attach-bearer` with a valid token against a core Change node that sets the same header. */
async function againstChange(rounds: number): Promise<Row[]> {
  const nodeRed = await EmbeddedNodeRed.start();
  await nodeRed.deploy(FLOW);
  // The token must exist before the measurement.
  await nodeRed.pump('attach', bare(1));
  const rows: Row[] = [];
  for (const [kind, make] of [
    ['without headers', bare],
    ['with three headers', withHeaders],
    ['with three headers, cloned', cloned],
  ] as const) {
    const time = async (node: string): Promise<number> => nodeRed.pump(node, make(MESSAGES));
    const [ours = [], theirs = []] = await interleave(rounds, [() => time('attach'), () => time('change')], WARM_UP);
    rows.push(ratioRow(`attach-bearer / Change, message ${kind}`, ours, theirs, 1.05));
    rows.push(plainRow(`  attach-bearer, per message`, perMessage(ours), 'µs', 2));
    rows.push(plainRow(`  Change, per message`, perMessage(theirs), 'µs', 2));
  }
  const getToken = (node: string) => (): Promise<number> => nodeRed.pump(node, bare(MESSAGES));
  const [got = [], set = []] = await interleave(rounds, [getToken('get'), getToken('change')], WARM_UP);
  rows.push(ratioRow('get VGS token with a valid token / Change', got, set, 1.1));
  rows.push(...(await fromMessages(nodeRed, rounds)));
  rows.push(...(await withStore(nodeRed, rounds)));
  await nodeRed.stop();
  return rows;
}

/** Tokens on the messages. A new token costs a prototype for its header, so the prototypes of the last tokens are kept. */
async function fromMessages(nodeRed: EmbeddedNodeRed, rounds: number): Promise<Row[]> {
  let made = 0;
  const token = 'x'.repeat(44);
  const same = (): Message[] => withToken(MESSAGES, () => token);
  const others = (): Message[] => withToken(MESSAGES, () => `${'x'.repeat(34)}${made++}`);
  const [one = [], each = [], theirs = []] = await interleave(
    rounds,
    [
      () => nodeRed.pump('attach-msg', same()),
      () => nodeRed.pump('attach-msg', others()),
      () => nodeRed.pump('change', same()),
    ],
    WARM_UP,
  );
  return [
    ratioRow('attach-bearer / Change, token on the message', one, theirs),
    plainRow('  each message with another token', perMessage(each), 'µs', 2),
  ];
}

/** A valid token with a session store against one without: no call to the store is made. */
async function withStore(nodeRed: EmbeddedNodeRed, rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [system, plain] of [
    ['VGS', 'attach'],
    ['VG', 'attach-vg'],
  ] as const) {
    for (const node of [plain, `${plain}-shared`]) await nodeRed.pump(node, bare(1));
    const time = (node: string): Promise<number> => nodeRed.pump(node, bare(MESSAGES));
    const [shared = [], alone = []] = await interleave(
      rounds,
      [() => time(`${plain}-shared`), () => time(plain)],
      WARM_UP,
    );
    rows.push(ratioRow(`attach-bearer ${system} with a session store / without`, shared, alone, 1.05));
  }
  return rows;
}

function perMessage(times: readonly number[]): number[] {
  return times.map((ms) => (ms * 1000) / MESSAGES);
}

/** The engine's part of it: the token, the header and the mark. */
async function enginePart(rounds: number): Promise<Row[]> {
  const token = createToken(
    { accessToken: 'x'.repeat(44), sentAt: Date.now(), lifetime: 3_600_000, scope: [], missingScope: [] },
    systemClock,
  );
  const source = new TokenSource(
    { renew: () => Promise.reject(new Error('not asked')), clock: systemClock, host: '' },
    token,
  );
  const attach = (msg: Message): void => {
    const bearer = source.current();
    if (!bearer) throw new Error('the token has ended');
    const restore = remember(msg as never);
    msg.headers = requestHeaders(msg.headers, bearer.hiddenHeader.headers());
    mark(msg as never, { node: 'node', at: 'sent', sends: 1, generation: bearer.generation, restore });
  };
  const nothing = (_msg: Message): void => undefined;
  const time = (work: (msg: Message) => void): number => {
    const messages = bare(CALLS);
    const begun = processorTime();
    for (const msg of messages) work(msg);
    return ((processorTime() - begun) * 1e6) / CALLS;
  };
  const [ours = [], theirs = []] = await interleave(rounds, [() => time(attach), () => time(nothing)], WARM_UP);
  return [
    plainRow('the engine’s own part: token, header and mark', ours, 'ns', 0),
    plainRow('  an empty function call', theirs, 'ns', 1),
  ];
}

export const attachBearer: Measurement = {
  name: 'attach-bearer',
  async run(rounds) {
    return [...(await againstChange(rounds * TIMES)), ...(await enginePart(rounds * TIMES))];
  },
};

import { EmbeddedNodeRed, type Message } from './embedded.ts';
import type { Measurement, Row } from './measure.ts';
import { memory } from './sessions.ts';
import { LENGTHS, VisualGuardServer } from './visual-guard-server.ts';

const PEOPLE = 4_000;
const WARM_UP = 500;
/** How many sign in at the same time. */
const AT_ONCE = 100;

/** The number of characters of the tokens of one session. Each takes one byte. */
const TOKENS = Object.values(LENGTHS).reduce((sum, length) => sum + length, 0);
const MOST = 1_024 + 2 * TOKENS;

function flowOf(url: string): object[] {
  const login = { server: 'server', username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
  return [
    { id: 'server', type: 'vg-server', url, applicationId: 'bench', platform: 'Native', credentials: {} },
    { id: 'login', type: 'vg-login', ...login, wires: [['sink'], ['choose'], ['sink']] },
    {
      id: 'choose',
      type: 'vg-mfa',
      action: 'choose',
      method: 'otp-sms',
      methodType: 'str',
      wires: [['sink'], ['submit'], ['sink']],
    },
    { id: 'submit', type: 'vg-mfa', wires: [['sink'], ['sink'], ['sink']] },
    { id: 'sink', type: 'sink', wires: [] },
  ];
}

/** Signs people in, as a flow does. @throws if one is not signed in */
async function signIn(nodeRed: EmbeddedNodeRed, prefix: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    const messages = Array.from({ length: AT_ONCE }, (_, index) => ({
      user: `${prefix}person-${done + index}@example.org`,
      password: `a password of ${done + index}`,
      payload: '123456',
    }));
    await nodeRed.pump('login', messages);
  }
}

/** The memory that real sign-ins leave: through the nodes, over HTTP, with and without a code. */
export const signInMemory: Measurement = {
  name: 'sign-in-memory',
  async run(): Promise<Row[]> {
    const server = await VisualGuardServer.start();
    const nodeRed = await EmbeddedNodeRed.start();
    nodeRed.arrived = ({ auth }: Message) => {
      const { state } = auth as { state: string };
      if (state !== 'signed-in') throw new Error(state);
    };
    const rows: Row[] = [];
    for (const [prefix, what] of [
      ['', 'without a code'],
      ['code-', 'with a code'],
    ] as const) {
      await nodeRed.deploy([]);
      await nodeRed.deploy(flowOf(server.url));
      await signIn(nodeRed, `${prefix}warm-`, WARM_UP);
      const before = memory();
      const reservedBefore = process.memoryUsage();
      await signIn(nodeRed, prefix, PEOPLE);
      const each = (memory() - before) / PEOPLE;
      const { rss, heapTotal } = process.memoryUsage();
      const reserved = (heapTotal - reservedBefore.heapTotal) / PEOPLE;
      const resident = (rss - reservedBefore.rss) / PEOPLE;
      rows.push(
        {
          what: `${PEOPLE.toLocaleString('en')} sign-ins ${what}, tokens of ${TOKENS.toLocaleString('en')} bytes: heap of each`,
          figure: `${each.toFixed(0)} bytes`,
          aim: `at most ${MOST}`,
          met: each <= MOST,
        },
        {
          what: '  resident memory of the process, for each',
          figure: `${resident.toFixed(0)} bytes`,
          spread: `${reserved.toFixed(0)} of it the heap with its free pages`,
        },
      );
    }
    await nodeRed.stop();
    await server.stop();
    return rows;
  },
};

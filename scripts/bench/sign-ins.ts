import { WebSocket } from 'undici';
import { EmbeddedNodeRed, type Message } from './embedded.ts';
import { interleave, type Measurement, plainRow, type Row, ratioRow } from './measure.ts';

/** Many short rounds: the load of the machine then affects both candidates equally. Each asks the admin API first. */
const MESSAGES = 1_000;
const TIMES = 5;
const WARM_UP = 30;
/** Longer than the time for which Node-RED counts the tab as open after a request, in ms. */
const LONG_AGO = 120_000;

const NODES = {
  'attach-bearer of VGS': { type: 'attach-bearer', source: 'vgs', account: 'account' },
  'attach-bearer of VG': { type: 'attach-bearer', source: 'vg', server: 'server', userType: 'stored' },
  'get VGS token': { type: 'vgs-token', account: 'account' },
};

const FLOW = [
  { id: 'account', type: 'vgs-account', practice: true },
  { id: 'server', type: 'vg-server', practice: true, credentials: { username: 'plain', password: 'practice' } },
  ...Object.entries(NODES).map(([id, node]) => ({ id, wires: [['sink'], []], ...node })),
  { id: 'sink', type: 'sink', wires: [] },
];

const messages = (count: number): Message[] => Array.from({ length: count }, (_, index) => ({ payload: index }));

/** What a message costs while the tab Sign-ins is open in an editor, against the same editor with the tab closed. */
export const signIns: Measurement = {
  name: 'sign-ins',
  async run(rounds): Promise<Row[]> {
    const nodeRed = await EmbeddedNodeRed.start();
    await nodeRed.deploy(FLOW);
    const url = await nodeRed.listen();
    const editor = await openEditor(url);
    const rows: Row[] = [];
    for (const node of Object.keys(NODES)) {
      // The token must exist before the measurement.
      await nodeRed.pump(node, messages(1));
      const [open = [], closed = []] = await interleave(
        rounds * TIMES,
        [
          async () => {
            await ask(url);
            return nodeRed.pump(node, messages(MESSAGES));
          },
          async () => {
            await askBefore(url, LONG_AGO);
            return nodeRed.pump(node, messages(MESSAGES));
          },
        ],
        WARM_UP,
      );
      rows.push(ratioRow(`${node}: with the tab Sign-ins open / closed`, open, closed, 1.05));
      rows.push(plainRow('  with the tab open, per message', perMessage(open), 'µs', 2));
    }
    const asked: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const begun = performance.now();
      await ask(url);
      asked.push(performance.now() - begun);
    }
    rows.push(plainRow('  a request of the open tab, one each 20 s', asked, 'ms'));
    editor.close();
    await nodeRed.stop();
    return rows;
  },
};

/** What an open editor has of Node-RED. */
async function openEditor(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}comms`);
  await new Promise((done, failed) => {
    socket.addEventListener('open', done, { once: true });
    socket.addEventListener('error', failed, { once: true });
  });
  for (const topic of ['status/#', 'notification/#', 'vg-auth/need', 'vg-auth/revision'])
    socket.send(JSON.stringify({ subscribe: topic }));
  return socket;
}

/** Asks for the accounts, as the open tab does. From now on, Node-RED tells it of each change. */
async function ask(url: string): Promise<void> {
  const response = await fetch(`${url}vg-auth/accounts`);
  const { accounts } = (await response.json()) as { accounts: { state: string }[] };
  if (accounts.length !== 2)
    throw new Error(`vg-auth/accounts answers ${response.status} with ${accounts.length} accounts`);
}

/** As `ask`, but so long ago that the tab counts as closed. @param ago in ms */
async function askBefore(url: string, ago: number): Promise<void> {
  const { now } = Date;
  Date.now = () => now() - ago;
  try {
    await ask(url);
  } finally {
    Date.now = now;
  }
}

function perMessage(times: readonly number[]): number[] {
  return times.map((ms) => (ms * 1_000) / MESSAGES);
}

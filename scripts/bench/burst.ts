import { Agent, request } from 'undici';
import { EmbeddedNodeRed, type Message } from './embedded.ts';
import { countRow, type Measurement, plainRow, type Row, ratioRow } from './measure.ts';
import { TokenServer } from './token-server.ts';

const MESSAGES = 10_000;

function flowOf(tokenUrl: string, clientId: string): object[] {
  return [
    { id: 'account', type: 'vgs-account', tokenUrl, credentials: { clientId, clientSecret: 'a secret' } },
    { id: 'attach', type: 'attach-bearer', source: 'vgs', account: 'account', hide: true, wires: [['sink'], []] },
    { id: 'sink', type: 'sink', wires: [] },
  ];
}

/** The same request without the engine, on a new connection, as a cold account makes it. */
async function postByHand(tokenUrl: string): Promise<number> {
  const dispatcher = new Agent();
  const begun = performance.now();
  const { body } = await request(tokenUrl, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      client_id: 'a',
      client_secret: 'a secret',
      grant_type: 'client_credentials',
    }).toString(),
  });
  await body.json();
  const took = performance.now() - begun;
  await dispatcher.close();
  return took;
}

/** 10,000 messages at once on an account that has no token yet. */
export const burst: Measurement = {
  name: 'burst',
  async run(rounds): Promise<Row[]> {
    const server = await TokenServer.start();
    const nodeRed = await EmbeddedNodeRed.start();
    const taken = { cold: [] as number[], warm: [] as number[], byHand: [] as number[] };
    const counts = { requests: [] as number[], lost: [] as number[], outOfOrder: [] as number[] };
    const order: number[] = [];
    nodeRed.arrived = (msg) => {
      if (String((msg.headers as Message | undefined)?.authorization).startsWith('Bearer token-'))
        order.push(Number(msg.payload));
    };
    const messages = (): Message[] => Array.from({ length: MESSAGES }, (_, index) => ({ payload: index }));
    for (let round = -3; round < rounds; round += 1) {
      await nodeRed.deploy(flowOf(server.tokenUrl, `client-${round}`));
      global.gc?.();
      const byHand = await postByHand(server.tokenUrl);
      const before = await server.requests();
      order.length = 0;
      const cold = await nodeRed.pump('attach', messages(), () => performance.now());
      const requests = (await server.requests()) - before;
      const arrived = [...order];
      const warm = await nodeRed.pump('attach', messages(), () => performance.now());
      if (round < 0) continue;
      taken.cold.push(cold);
      taken.warm.push(warm);
      taken.byHand.push(byHand);
      counts.requests.push(requests);
      counts.lost.push(MESSAGES - arrived.length);
      counts.outOfOrder.push(arrived.filter((payload, index) => payload !== index).length);
    }
    await nodeRed.stop();
    await server.stop();
    const ideal = taken.warm.map((warm, round) => warm + (taken.byHand[round] ?? 0));
    return [
      countRow('burst of 10,000 messages, cold account: token requests', counts.requests, 1),
      countRow('  messages lost', counts.lost, 0),
      countRow('  messages out of order', counts.outOfOrder, 0),
      plainRow('  all of it', taken.cold, 'ms'),
      plainRow('  one bare undici POST, with its connection', taken.byHand, 'ms'),
      ratioRow('  all of it / one bare undici POST', taken.cold, taken.byHand),
      ratioRow('  all of it / (the POST + the same burst with a live token)', taken.cold, ideal),
    ];
  },
};

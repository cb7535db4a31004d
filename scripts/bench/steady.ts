import { ReplyObject, VgsAccount } from './built.ts';
import { countRow, type Measurement, type Row } from './measure.ts';
import { SimulatedTime } from './simulated-time.ts';

const LIVES = 1_000;
/** A message every 50 ms. */
const PACE = 50;
/** The time that the server takes for a response, in ms. */
const ANSWER = 200;

/** Ten messages a second over a thousand lifetimes of a token, in simulated time. */
async function traffic(life: number): Promise<{ waited: number; requests: number; tokens: number; used: number }> {
  const time = new SimulatedTime();
  let requests = 0;
  const transport = {
    host: 'simulated',
    close: () => undefined,
    send: async () => {
      const sentAt = time.now();
      requests += 1;
      const body = ReplyObject.of({ access_token: `token-${requests}`, expires_in: life });
      await new Promise<void>((done) => time.after(ANSWER, done));
      return { status: 200, contentType: 'application/json', body, empty: false, retryAfter: undefined, sentAt };
    },
  };
  const settings = {
    tokenUrl: 'https://simulated/',
    clientId: 'a',
    clientSecret: 'b',
    scope: '',
    clientAuth: 'body',
  } as const;
  const account = new VgsAccount(settings, transport, time);
  const seen = new Set<number>();
  let waited = 0;
  const begun = time.now();
  await time.run(LIVES * life * 1000, () => {
    if (time.now() % PACE !== 0) return;
    const token = account.source.current();
    if (token) {
      seen.add(token.generation);
      return;
    }
    waited += 1;
    void account.ask();
  });
  return { waited, requests, tokens: seen.size, used: (time.now() - begun) / 1000 / life / requests };
}

export const steady: Measurement = {
  name: 'steady',
  async run(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const life of [10, 300]) {
      const { waited, requests, tokens, used } = await traffic(life);
      // The messages before the first response.
      const first = ANSWER / PACE;
      rows.push(
        countRow(
          `steady traffic, tokens of ${life} s, ${requests} renewals: messages that waited for one`,
          [waited - first],
          0,
        ),
        countRow('  token requests per token', [requests / tokens], 1),
        { what: '  of its life, each token is used', figure: `${(used * 100).toFixed(0)} %` },
      );
    }
    return rows;
  },
};

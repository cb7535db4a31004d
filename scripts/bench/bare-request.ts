import { Agent, request } from 'undici';
import { HttpTransport, systemClock, VgsAccount } from './built.ts';
import { interleave, type Measurement, plainRow, type Row, ratioRow } from './measure.ts';
import { TokenServer } from './token-server.ts';

/** Many short rounds: the load of the machine then affects both candidates equally. */
const REQUESTS = 10;
const TIMES = 10;

/** One token request through the engine, with a new account, against the same POST without it; both on an open connection. */
export const bareRequest: Measurement = {
  name: 'bare-request',
  async run(rounds): Promise<Row[]> {
    const server = await TokenServer.start();
    const { tokenUrl } = server;
    const transport = new HttpTransport(new URL(tokenUrl));
    const dispatcher = new Agent();
    const settings = {
      tokenUrl,
      clientId: 'client',
      clientSecret: 'a secret',
      scope: 'cards:write',
      clientAuth: 'body',
    } as const;
    const throughEngine = async (): Promise<void> => {
      const { token } = await new VgsAccount(settings, transport, systemClock).ask();
      if (!token) throw new Error('no token');
    };
    const byHand = async (): Promise<void> => {
      const { statusCode, body } = await request(tokenUrl, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams({
          client_id: settings.clientId,
          client_secret: settings.clientSecret,
          grant_type: 'client_credentials',
          scope: settings.scope,
        }).toString(),
      });
      const { access_token: token } = (await body.json()) as { access_token?: unknown };
      if (statusCode !== 200 || typeof token !== 'string') throw new Error('no token');
    };
    const time = async (work: () => Promise<void>): Promise<number> => {
      const begun = performance.now();
      for (let count = 0; count < REQUESTS; count += 1) await work();
      return ((performance.now() - begun) * 1000) / REQUESTS;
    };
    const [ours = [], theirs = []] = await interleave(
      rounds * TIMES,
      [() => time(throughEngine), () => time(byHand)],
      100,
    );
    transport.close();
    await dispatcher.close();
    await server.stop();
    return [
      ratioRow('one token request: engine / the same undici POST by hand', ours, theirs, 1.05),
      plainRow('  through the engine', ours, 'µs', 0),
      plainRow('  by hand', theirs, 'µs', 0),
    ];
  },
};

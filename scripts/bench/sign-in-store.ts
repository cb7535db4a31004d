import { startRedis } from '../../test/support/redis-server.ts';
import { EmbeddedNodeRed } from './embedded.ts';
import { interleave, type Measurement, plainRow, type Row, ratioRow } from './measure.ts';
import { VisualGuardServer } from './visual-guard-server.ts';

/** Sign-ins for each round, because the machine may be busy. */
const TIMES = 10;

/** A sign-in with a code, from the login to the token, without and with the store. */
function flowOf(url: string, redis: string): object[] {
  const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
  const server = { type: 'vg-server', url, applicationId: 'bench', platform: 'Native', credentials: {} };
  const store = { id: 'store', type: 'auth-store', kind: 'redis', url: redis };
  const branches = ['without', 'with'].flatMap((name) => [
    { ...server, id: `server-${name}`, name, ...(name === 'with' ? { store: 'store' } : {}) },
    {
      ...{ id: name, type: 'vg-login', server: `server-${name}`, ...login },
      wires: [['sink'], [`choose-${name}`], ['sink']],
    },
    {
      ...{ id: `choose-${name}`, type: 'vg-mfa', action: 'choose', method: 'otp-sms', methodType: 'str' },
      wires: [['sink'], [`submit-${name}`], ['sink']],
    },
    { id: `submit-${name}`, type: 'vg-mfa', wires: [['sink'], ['sink'], ['sink']] },
  ]);
  return [
    { ...store, credentials: { encryptionKey: 'an encryption key of the bench' } },
    ...branches,
    { id: 'sink', type: 'sink', wires: [] },
  ];
}

/** A sign-in with a code over Redis, and the same in memory: login, choosing a method, submitting the code. */
export const signInStore: Measurement = {
  name: 'sign-in-store',
  async run(rounds): Promise<Row[]> {
    const server = await VisualGuardServer.start();
    const redis = await startRedis();
    const nodeRed = await EmbeddedNodeRed.start();
    nodeRed.arrived = ({ auth }) => {
      const { state } = auth as { state: string };
      if (state !== 'signed-in') throw new Error(state);
    };
    await nodeRed.deploy(flowOf(server.url, `redis://127.0.0.1:${redis.port}`));
    let person = 0;
    // Wall time, because most of it is waiting for the server and for Redis.
    const signIn = (name: string) => (): Promise<number> => {
      person += 1;
      const msg = { user: `code-${person}@example.org`, password: `password of ${person}`, payload: '123456' };
      return nodeRed.pump(name, [msg], () => performance.now());
    };
    const [alone = [], stored = []] = await interleave(rounds * TIMES, [signIn('without'), signIn('with')], 20);
    await nodeRed.stop();
    await server.stop();
    await redis.kill();
    return [
      plainRow('sign-in with a code (login, choose, submit), in memory', alone, 'ms'),
      plainRow('  the same with a Redis store', stored, 'ms'),
      ratioRow('  the same with a Redis store / in memory', stored, alone, 1.5),
    ];
  },
};

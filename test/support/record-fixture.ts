import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../src/engine/engine.ts';
import { ContextStore } from '../../src/store/context.ts';
import type { ContextAccess } from '../../src/store/context-access.ts';
import { Keyring } from '../../src/store/keyring.ts';
import { FORMAT } from '../../src/store/seal.ts';
import type { DurableStore } from '../../src/store/store.ts';
import type { VgsSettings } from '../../src/vgs/account.ts';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import { FakeSystem } from './fake-system.ts';
import { OneTimeGuard } from './one-time-guard.ts';
import { json, ScriptedTransport } from './scripted-transport.ts';
import { ASK, isChallenged, isSignedIn, SETTINGS } from './visual-guard.ts';

/** Records as a release wrote them, and the data that a later one has to find in them. */
export interface RecordFixture {
  /** When they were written, in ms since 1970. */
  now: number;
  encryptionKey: string;
  /** The content of the context store. */
  context: Record<string, unknown>;
  /** One record and the master key, as they were in Redis. */
  redis: { prefix: string; name: string; fence: number; value: unknown; keys: Record<string, string> };
  /** The handle of a session, and the id of an open challenge. */
  session: string;
  challenge: string;
}

const ENCRYPTION_KEY = 'the encryption key of the fixture';
const PREFIX = 'vg-auth:';

export const PERSON = { user: 'service-1', password: 'service-1-password' };
export const WRONG = { user: 'service-2', password: 'wrong' };
export const ANNA = { user: 'anna', password: 'anna-password' };
const STORED = { username: 'service-stored', password: 'service-stored-password' };

const VGS: VgsSettings = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'AC-calm',
  clientSecret: 'secret',
  scope: 'cards:write',
  clientAuth: 'body',
};

/** A context store in memory. */
export function contextOf(content: Record<string, unknown>): ContextAccess {
  return {
    get: (keys, answer) => answer(null, ...keys.map((key) => content[key])),
    set: (keys, values, answer) => {
      keys.forEach((key, i) => {
        if (values[i] === undefined) delete content[key];
        else content[key] = structuredClone(values[i]);
      });
      answer();
    },
    keys: (answer) => answer(null, Object.keys(content)),
  };
}

/** An account and a server over a store, and the requests that they send. */
export function processOver(store: DurableStore, system: FakeSystem) {
  const engine = new Engine(100, system);
  const guard = new OneTimeGuard();
  const transport = new ScriptedTransport(system);
  transport.otherwise = ({ form }) => guard.answer(form);
  const vgs = new ScriptedTransport(system);
  vgs.otherwise = json(200, { access_token: 'vgs-1', expires_in: 300, token_type: 'bearer', scope: 'cards:write' });
  const settings: VisualGuardSettings = { ...SETTINGS, ...STORED };
  return {
    server: engine.holdServer(settings, transport, '', store).value,
    account: engine.holdAccount(VGS, vgs, '', store).value,
    requests: () => transport.requests.length + vgs.requests.length,
  };
}

/** Records of each kind, as this release writes them. */
async function recordsOfThisRelease(): Promise<RecordFixture> {
  const system = new FakeSystem();
  const context: Record<string, unknown> = {};
  const keyring = new Keyring({ encryptionKey: ENCRYPTION_KEY }, 'vgauth_master');
  const store = new ContextStore(contextOf(context), keyring, 'context', system);
  await store.get('ready');
  const { server, account } = processOver(store, system);
  const { session } = isSignedIn(await server.signIn(PERSON, ASK));
  await server.tokenOfStored(false);
  const { challenge } = isChallenged(await server.signIn(ANNA, { method: 'otp-sms', reset: false }), 'code-required');
  await server.signIn(WRONG, ASK);
  await account.ask();
  for (let round = 0; round < 20; round += 1) await new Promise(setImmediate);
  store.close();
  const now = system.now();
  return {
    now,
    encryptionKey: ENCRYPTION_KEY,
    context,
    redis: await inRedis(now),
    session: String(session.handle),
    challenge: challenge.id,
  };
}

async function inRedis(now: number): Promise<RecordFixture['redis']> {
  const keyring = new Keyring({ encryptionKey: ENCRYPTION_KEY }, `redis ${PREFIX}`);
  let master = '';
  await keyring.settle({
    swap: async (_expected, replacement = master) => {
      master = replacement;
      return master;
    },
  });
  const { seal } = keyring;
  if (!seal) throw new Error('there is no master key');
  const [name, fence, value] = ['session of somebody', 7, { token: 'T' }] as const;
  const key = PREFIX + seal.nameOf(name);
  const box = seal.close(key, { fence, time: now, life: 600_000 }, JSON.stringify(value));
  return { prefix: PREFIX, name, fence, value, keys: { [`${PREFIX}master`]: master, [key]: `${fence}:${now}:${box}` } };
}

// `node --import tsx test/support/record-fixture.ts` writes the fixture of the present format, and never overwrites one.
// A fixture stays unchanged once a release with this format is published. Until then, delete it and create it again after a change.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL(`../fixtures/records-${FORMAT}.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(await recordsOfThisRelease(), null, 2)}\n`, { flag: 'wx' });
}

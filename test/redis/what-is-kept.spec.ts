import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import sinon from 'sinon';
import { systemClock } from '../../src/core/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Keyring } from '../../src/store/keyring.ts';
import type { RedisStore } from '../../src/store/redis.ts';
import { readRedisRecord } from '../../src/store/redis-record.ts';
import { Seal } from '../../src/store/seal.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { OneTimeGuard } from '../support/one-time-guard.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { json, ScriptedTransport } from '../support/scripted-transport.ts';
import { closeStores, keyringOf, openRedis, PASSPHRASE } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { ASK, isChallenged, isRefused, isSignedIn, SETTINGS } from '../support/visual-guard.ts';

/** One row of the table in docs/operation.md. */
interface Row {
  contents: string;
  life: string;
  after: string;
}

const UNITS: Record<string, number> = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
/** The longest time of this test, in ms. */
const TOLERANCE = 60_000;
const MARGIN = 600_000;
const LOCK = 6_000;
/** The tokens of these servers expire after this time, in ms. */
const TOKEN_LIFE = 1_800_000;

/** The table "What is kept, where and how long", by record. */
function table(): Map<string, Row> {
  const text = readFileSync(new URL('../../docs/operation.md', import.meta.url), 'utf8');
  const section = text.split('## What is kept, where and how long')[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((line) => {
      const [, record = '', contents = '', life = '', after = ''] = line.split('|').map((cell) => cell.trim());
      return [record.replaceAll('`', ''), { contents, life, after }];
    }),
  );
}

/** The duration at the beginning of a text, or before a word of it, in ms. */
function durationIn(text: string, before = ''): number {
  const found = new RegExp(`(\\d+) (seconds|minutes|hours|days)(?=${before && `[^,;]*${before}`})`).exec(text);
  if (!found) return text.includes('until the token expires') ? TOKEN_LIFE : assert.fail(`no duration in "${text}"`);
  return Number(found[1]) * (UNITS[found[2] ?? ''] ?? 0);
}

/** The words of the table for each field of a record. Fields that every record has are left out. */
const FIELDS: Record<string, Record<string, string>> = {
  session: {
    user: 'username',
    stored: 'stored user',
    since: 'when it began',
    renewals: 'number of renewals',
    refreshToken: 'refresh token',
    token: 'access token',
    login: 'status of the sign-in',
  },
  user: { id: 'ID of the newest session' },
  'user-sessions': { ids: 'IDs of the user' },
  'stored-user': {
    session: 'ID of the session',
    challenge: 'challenge of the stored user',
    refused: 'why it was refused',
    left: 'why it was refused',
    settings: 'digest of the settings',
  },
  challenge: {
    user: 'username',
    stored: 'stored user',
    state: 'its state',
    methods: 'methods with masked destinations',
    method: 'methods',
    hasChosen: 'its state',
    sent: 'its state',
    attempts: 'number of refused codes',
    requestId: 'IDs of the server',
    hasBegunAnew: 'its state',
    steps: 'its state',
    connection: 'IDs of the server',
    left: 'its state',
  },
  refused: { left: 'when the pause ends', isDelivered: 'why' },
  delivered: { left: 'when the pause ends' },
  'wrong-codes': { codes: 'age of each refused code' },
  token: {
    accessToken: 'access token',
    life: 'access token',
    left: 'access token',
    scope: 'scopes',
    missingScope: 'scopes',
  },
};

describe('the records in a Redis', () => {
  let redis: RedisServer;
  let keyring: Keyring;
  let store: RedisStore;
  let server: VisualGuardServer;
  let names: sinon.SinonSpy<[string], string>;
  const engines: (() => void)[] = [];

  before(async () => {
    redis = await startRedis();
  });
  after(endRedis);

  beforeEach(async () => {
    await redis.admin.flushall();
    names = sinon.spy(Seal.prototype, 'nameOf');
    keyring = keyringOf(PASSPHRASE, { prefix: 'vg-auth:' });
    store = openRedis(redis, { keyring });
    await until(() => store.state.at === 'ready');
    const engine = new Engine(100, systemClock);
    const guard = new OneTimeGuard();
    const transport = new ScriptedTransport(systemClock);
    transport.otherwise = ({ form }) =>
      form.grant_type === 'client_credentials'
        ? json(200, { access_token: 'of-vgs', expires_in: TOKEN_LIFE / 1_000, token_type: 'bearer' })
        : guard.answer(form);
    const settings = { ...SETTINGS, username: 'service', password: 'service-password' };
    server = engine.holdServer(settings, transport, '', store).value;
    const vgs = {
      tokenUrl: 'https://vgs.test/',
      clientId: 'a',
      clientSecret: 'b',
      scope: '',
      clientAuth: 'body',
    } as const;
    const account = engine.holdAccount(vgs, transport, '', store).value;
    await account.ask();
    engines.push(() => {
      server.close();
      account.close();
    });
  });
  afterEach(() => {
    for (const end of engines.splice(0)) end();
    closeStores();
    sinon.restore();
  });

  /** Creates all kinds of records: a sign-in by code, one of the stored user, a wrong code, a wrong password. */
  async function signIn() {
    const stored = isSignedIn(await server.signInStored(ASK));
    isRefused(await server.signIn({ user: 'anna@example.org', password: 'wrong' }, ASK), 'credentials-invalid');
    const first = isChallenged(
      await server.signIn({ user: 'anna@example.org', password: 'anna@example.org-password' }, ASK),
      'mfa-required',
    );
    await first.challenge.choose('otp-sms');
    await first.challenge.submit('wrong');
    const anna = isSignedIn(await first.challenge.submit('123456'));
    isChallenged(
      await server.signIn({ user: 'bert@example.org', password: 'bert@example.org-password' }, ASK),
      'mfa-required',
    );
    return { stored, anna };
  }

  /** The existing kinds of records, with their properties in Redis. */
  async function kept(): Promise<{ kind: string; key: string; left: number; value: Record<string, unknown> }[]> {
    const { seal } = keyring;
    assert.ok(seal);
    const known = new Map(names.args.map(([name]) => [`vg-auth:${seal.nameOf(name)}`, name.split(' ')[0] ?? '']));
    const found = [];
    for (const key of await redis.admin.keys('*')) {
      const left = await redis.admin.pttl(key);
      if (key === 'vg-auth:master') {
        found.push({ kind: 'PREFIXmaster', key, left, value: {} });
        continue;
      }
      const [, record = '', part = ''] = /^(vg-auth:[^:]+)(:\w+)?$/.exec(key) ?? assert.fail(`what is ${key}?`);
      const kind = known.get(record) ?? assert.fail(`what is ${key}?`);
      const text = part === '' ? String(await redis.admin.get(key)) : '';
      const [seconds = 0, micros = 0] = part === '' ? (await redis.admin.time()).map(Number) : [];
      const entry = text && readRedisRecord(seal, record, text, seconds * 1_000 + Math.floor(micros / 1_000));
      found.push({ kind: kind + part, key, left, value: { ...((entry || {}) as { value?: object }).value } });
    }
    return found;
  }

  const isAbout = (left: number, life: number): boolean => left <= life && left > life - TOLERANCE;

  it('have a row in the table for each kind, with its contents and its time to live', async () => {
    await signIn();
    const rows = table();
    const found = await kept();
    const kinds = new Set(found.map(({ kind }) => kind.replace(/:(fence|lock)$/, '')));
    assert.deepEqual([...kinds].sort(), [...rows.keys()].sort());
    for (const { kind, left, value } of found) {
      const [record = '', part] = kind.split(':');
      const row = rows.get(record);
      assert.ok(row, kind);
      if (part === 'lock') assert.ok(left <= LOCK, `${kind}: ${left}`);
      if (value.ended === true || part === 'lock') continue;
      const life = durationIn(row.life);
      if (part === 'fence') assert.ok(left <= 30 * (UNITS.days ?? 0) + MARGIN, `${kind}: ${left}`);
      else
        assert.ok(
          isAbout(left, record === 'refused' && value.isDelivered === true ? 30_000 : life),
          `${kind}: ${left}`,
        );
      for (const field of Object.keys(value).filter((name) => name !== 'version')) {
        const word = FIELDS[record]?.[field] ?? assert.fail(`${record} has ${field}`);
        assert.ok(row.contents.includes(word), `${record}: the table has no "${word}"`);
      }
    }
  });

  it('are after a sign-out those of the table: notes that something has ended', async () => {
    const { stored, anna } = await signIn();
    await server.signOut(anna.session, 'anna@example.org');
    await server.signOut(stored.session, 'service');
    await server.signOut(undefined, 'bert@example.org');
    const rows = table();
    await until(async () => {
      const all = await kept();
      const isOver = all.every(({ kind, value }) => kind !== 'stored-user' || value.ended === true);
      return isOver && !all.some(({ kind }) => kind === 'user-sessions');
    });
    const found = await kept();
    for (const { kind, left, value } of found) {
      const [record = '', part] = kind.split(':');
      const after = rows.get(record)?.after ?? assert.fail(kind);
      if (part === 'lock' || after === 'unchanged') continue;
      if (after === 'nothing') {
        assert.equal(part, 'fence', kind);
        continue;
      }
      const life = durationIn(after);
      assert.match(after, /^\d+ \w+: a note that it has ended$/);
      if (part === 'fence') assert.ok(left <= life + MARGIN, `${kind}: ${left}`);
      else assert.deepEqual([value, isAbout(left, life)], [{ ended: true }, true], `${kind}: ${left}`);
    }
    assert.ok(found.some(({ kind }) => kind === 'user'));
  });

  it('are only notes that something has ended after the deletion of a person’s data', async () => {
    await signIn();
    isSignedIn(await server.signIn({ user: 'service', password: 'service-password' }, ASK));
    for (const user of ['anna@example.org', 'service', 'bert@example.org']) await server.forgetUser(user);
    await until(async () => (await kept()).every(({ kind }) => !/^(user-sessions|delivered)$/.test(kind)));
    for (const { kind, value } of await kept()) {
      if (/:|^(token|PREFIXmaster)$/.test(kind)) continue;
      if (kind === 'wrong-codes') assert.deepEqual(value.codes, []);
      else assert.deepEqual(value, { ended: true }, kind);
    }
  });

  it('contain no name and no secret', async () => {
    await signIn();
    const all: unknown[] = [];
    for (const key of await redis.admin.keys('*')) {
      all.push(
        key,
        (await redis.admin.type(key)) === 'hash' ? await redis.admin.hgetall(key) : await redis.admin.get(key),
      );
    }
    // Each word is long, or has a character that sealed text does not have: a short one may be in it by chance.
    assert.doesNotMatch(JSON.stringify(all), /@example|service|access-|refresh-|of-vgs/);
  });
});

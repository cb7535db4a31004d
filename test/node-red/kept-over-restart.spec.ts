import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { Cluster, type Reply } from '../support/cluster.ts';
import { CANARIES } from '../support/cluster-flow.ts';
import { told } from '../support/cluster-replies.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`${version} with a session store in its context files`, function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    const files = { module: 'localfilesystem', config: { cache: false } };
    cluster = new Cluster({
      version,
      replicas: 1,
      store: { kind: 'context', context: 'files' },
      settings: { contextStorage: { default: { module: 'memory' }, files } },
    });
    await cluster.start();
  });

  after(() => cluster.end());

  for (const [how, user, end] of [
    ['stopped', 'anna@example.org', () => cluster.stop(0)],
    ['killed', 'carl@example.org', () => cluster.kill(0)],
  ] as const) {
    it(`needs no human after a person had answered MFA, it was ${how}, and started again`, async () => {
      const { logins, codes } = cluster.guard.counts;
      const { id } = told(await call('login', { user, password: `${user}-password` }), 'mfa').challenge as {
        id: string;
      };
      told(await call('choose', { id, method: 'otp-sms' }), 'mfa');
      const { session } = told(await call('submit', { id, code: cluster.guard.code }), 'in');
      await end();
      await cluster.startOne(0);
      const { status, body } = await call('use', { session });
      assert.deepEqual({ status, user: body.user }, { status: 200, user });
      assert.deepEqual(
        { logins: cluster.guard.counts.logins, codes: cluster.guard.counts.codes },
        { logins: logins + 1, codes: codes + 1 },
      );
    });
  }

  it('continues with a challenge that was open when it was stopped', async () => {
    const { id } = told(await call('login', { user: 'bert@example.org', password: 'bert@example.org-password' }), 'mfa')
      .challenge as {
      id: string;
    };
    told(await call('choose', { id, method: 'otp-sms' }), 'mfa');
    await cluster.stop(0);
    await cluster.startOne(0);
    const auth = told(await call('submit', { id, code: cluster.guard.code }), 'in');
    assert.equal(auth.user, 'bert@example.org');
  });

  it('signs nobody out with a new encryption key, and the old one as the previous one', async () => {
    const OLD = CANARIES.encryptionKey;
    const NEW = 'CANARY-the-next-encryption-key';
    const { session } = told(await call('login', { user: 'service-1', password: 'service-1-password' }), 'in');
    const { logins } = cluster.guard.counts;
    for (const keys of [
      { encryptionKey: NEW, previousEncryptionKey: OLD },
      { encryptionKey: NEW, previousEncryptionKey: '' },
    ]) {
      await cluster.deployKeys(0, keys);
      await cluster.stop(0);
      await cluster.startOne(0);
      const { status, body } = await call('use', { session });
      assert.deepEqual({ status, user: body.user }, { status: 200, user: 'service-1' });
    }
    assert.equal(cluster.guard.counts.logins, logins);
    await cluster.deployKeys(0, { encryptionKey: OLD, previousEncryptionKey: '' });
    const { body } = await call('use', { session });
    assert.equal(body.at, 'needed', 'the old key opens nothing any more');
    assert.match(cluster.log, /written with a different encryption key/);
    assert.doesNotMatch(cluster.log, /CANARY/);
  });

  it('leaves no secret and no name in clear in its files', () => {
    const dir = join(cluster.userDir(0), 'context');
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const text = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n');
    assert.ok(text.length > 1_000, text);
    // Each is long, or has a character that sealed text does not have: a short one may be in it by chance.
    const secrets = [
      ...Object.values(CANARIES),
      'access-',
      'refresh-',
      'request-',
      'service-',
      'anna@example.org',
      'bert@example.org',
      'carl@example.org',
      'way-sms',
    ];
    for (const secret of secrets) assert.ok(!text.includes(secret), secret);
  });

  const call = (path: string, body: object): Promise<Reply> => cluster.callOne(0, path, body);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { freePort } from '../support/free-port.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const STORED = '__PWRD__';
/** None of these may appear in an answer or in the log. */
const SECRETS = ['STORED-KEY', 'STORED-PASSWORD', 'TYPED-KEY', 'TYPED-PASSWORD', 'FROM-THE-VARIABLE'];

// biome-ignore lint/suspicious/noExplicitAny: the body is JSON of many shapes.
type Verdict = any;

/** A server that accepts connections, and answers like a Redis without this user. */
class Listener {
  heard = '';
  readonly #server: Server;
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.heard += chunk;
        socket.write('-WRONGPASS invalid username-password pair\r\n');
      });
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
  }
}

describe(`the Test button of a session store in ${version}`, () => {
  const own = new Listener();
  const other = new Listener();
  let userDir: string;
  let nodeRed: NodeRed;

  before(async function () {
    this.timeout(60_000);
    await own.start();
    await other.start();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-store-route-'));
    linkProject(userDir);
    const file = (config: object): object => ({ module: 'localfilesystem', config });
    nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: {
        contextStorage: {
          default: { module: 'memory' },
          files: file({ cache: false, dir: join(userDir, 'a') }),
          slow: file({ dir: join(userDir, 'b') }),
          blocked: file({ dir: join(userDir, 'c') }),
          direct: file({ cache: false, dir: join(userDir, 'c') }),
        },
      },
      environment: { STORE_KEY: 'FROM-THE-VARIABLE' },
    });
    const credentials = { encryptionKey: 'STORED-KEY', username: 'robot', password: 'STORED-PASSWORD' };
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'stores' },
      { id: 'redis', type: 'auth-store', kind: 'redis', url: `redis://127.0.0.1:${own.port}`, credentials },
      { id: 'files', type: 'auth-store', kind: 'context', context: 'files', credentials },
      { id: 'note', z: 'tab', type: 'comment', name: '', info: '', wires: [], x: 100, y: 100 },
    ]);
  });

  beforeEach(() => {
    own.heard = '';
    other.heard = '';
  });

  after(async () => {
    await nodeRed?.stop();
    own.stop();
    other.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function test(body: object): Promise<Verdict> {
    const answer = await nodeRed.admin('auth-store/test', body);
    for (const secret of SECRETS) assert.ok(!JSON.stringify(answer).includes(secret), secret);
    return answer;
  }

  /** The dialog of the deployed store in Redis, with changes. */
  const redis = (changes: object = {}): Promise<Verdict> =>
    test({
      id: 'redis',
      kind: 'redis',
      url: `redis://127.0.0.1:${own.port}`,
      prefix: 'vg-auth:',
      tls: '_ADD_',
      encryptionKey: STORED,
      username: 'robot',
      password: STORED,
      ...changes,
    });
  const context = (changes: object = {}): Promise<Verdict> =>
    test({ id: 'files', kind: 'context', context: 'files', encryptionKey: STORED, ...changes });

  for (const [name, survives, window] of [
    ['files', true, 0],
    ['slow', true, 30],
    ['default', false, undefined],
    ['', false, undefined],
  ] as const) {
    it(`tests a context store: ${name || 'the one that is the default'}`, async () => {
      for (const id of ['files', 'not-deployed']) {
        const verdict = await context({ id, context: name, encryptionKey: 'TYPED-KEY' });
        assert.deepEqual(
          [verdict.state, verdict.survives, verdict.window, verdict.variables],
          ['works', survives, window, []],
          JSON.stringify(verdict),
        );
      }
    });
  }

  it('reports that a folder cannot be written, even with a cache', async () => {
    const folder = join(userDir, 'c', 'context');
    rmSync(folder, { recursive: true, force: true });
    // The user of the tests may write to every folder. A file in place of the folder prevents that.
    writeFileSync(folder, '');
    for (const name of ['blocked', 'direct']) {
      const verdict = await context({ context: name, encryptionKey: 'TYPED-KEY' });
      assert.deepEqual([verdict.state, verdict.fault], ['failed', 'store-gone'], JSON.stringify(verdict));
      assert.match(String(verdict.values.cause), /^(EEXIST|ENOTDIR)$/);
    }
    rmSync(folder);
    mkdirSync(folder);
    assert.equal((await context({ context: 'blocked', encryptionKey: 'TYPED-KEY' })).state, 'works');
  });

  it('accepts the stored key for the context of this machine', async () => {
    const verdict = await context();
    assert.deepEqual([verdict.state, verdict.otherKey], ['works', false]);
  });

  it('reports what is missing or wrong before anything is tried', async () => {
    for (const [answer, fault, values] of [
      [context({ context: 'gone', encryptionKey: 'TYPED-KEY' }), 'context-store-unknown', { name: 'gone' }],
      [context({ encryptionKey: '' }), 'property-missing', { property: 'encryptionKey' }],
      [redis({ url: '' }), 'property-missing', { property: 'url' }],
      [redis({ url: 'https://x' }), 'store-address-invalid', { property: 'url' }],
      [redis({ url: 'redis://u:TYPED-PASSWORD@x' }), 'store-password-written', { property: 'url' }],
      [redis({ kind: 'other' }), 'config-value-unknown', { property: 'kind' }],
    ] as const) {
      const verdict = await answer;
      assert.deepEqual([verdict.state, verdict.fault, verdict.values], ['failed', fault, values]);
    }
    assert.equal(own.heard, '');
  });

  it('reports why a Redis cannot be used', async () => {
    const verdict = await redis();
    assert.deepEqual(
      [verdict.state, verdict.fault, verdict.values],
      ['failed', 'store-gone', { host: `127.0.0.1:${own.port}`, cause: 'WRONGPASS' }],
    );
    assert.match(own.heard, /robot[\s\S]*STORED-PASSWORD/);
    const nowhere = await redis({ url: `redis://127.0.0.1:${await freePort()}`, encryptionKey: 'x', password: '' });
    assert.equal(nowhere.values.cause, 'ECONNREFUSED');
  });

  it('uses a stored secret only for the server for which it was stored', async () => {
    own.heard = '';
    const elsewhere = { url: `redis://127.0.0.1:${other.port}` };
    for (const [changes, property] of [
      [elsewhere, 'encryptionKey'],
      [{ ...elsewhere, encryptionKey: 'TYPED-KEY' }, 'password'],
      [{ url: `redis://localhost:${own.port}` }, 'encryptionKey'],
      [{ url: `rediss://127.0.0.1:${own.port}` }, 'encryptionKey'],
      [{ username: 'another' }, 'encryptionKey'],
      [{ username: 'another', encryptionKey: 'TYPED-KEY' }, 'password'],
      [{ id: 'not-deployed' }, 'encryptionKey'],
      [{ id: 'files' }, 'encryptionKey'],
      [{ id: 'note' }, 'encryptionKey'],
    ] as const) {
      const verdict = await redis(changes);
      assert.deepEqual([verdict.problem, verdict.values], ['secret-again', { property }], JSON.stringify(changes));
    }
    assert.equal(own.heard + other.heard, '');
  });

  it('sends a secret that was just typed to the address in the dialog', async () => {
    const url = `redis://127.0.0.1:${other.port}`;
    const verdict = await redis({ url, encryptionKey: 'TYPED-KEY', password: 'TYPED-PASSWORD' });
    assert.equal(verdict.values.cause, 'WRONGPASS');
    assert.match(other.heard, /TYPED-PASSWORD/);
    assert.doesNotMatch(own.heard + other.heard, /KEY|STORED/);
  });

  it('resolves a variable, and names one that is not set', async () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
    const verdict = await context({ encryptionKey: '${STORE_KEY}' });
    assert.equal(verdict.state, 'works');
    assert.deepEqual(verdict.variables, [{ property: 'encryptionKey', variable: 'STORE_KEY', isSet: true }]);
    const missing = await redis({ url: '${STORE_MISSING}' });
    assert.deepEqual(
      [missing.fault, missing.values],
      ['variable-missing', { property: 'url', variable: 'STORE_MISSING' }],
    );
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: Node-RED resolves them.
  });

  it('reports that a TLS node is not deployed', async () => {
    const verdict = await redis({
      url: `rediss://127.0.0.1:${own.port}`,
      tls: 'not-there',
      encryptionKey: 'x',
      password: '',
    });
    assert.deepEqual([verdict.problem, verdict.values], ['not-deployed', { property: 'tls' }]);
  });

  it('writes no secret to the log', () => {
    for (const secret of SECRETS) assert.ok(!nodeRed.log.includes(secret), secret);
  });
});

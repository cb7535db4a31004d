import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const TYPES = [
  'vgs-account',
  'vg-server',
  'auth-store',
  'vgs-token',
  'vg-login',
  'vg-mfa',
  'vg-logout',
  'attach-bearer',
];

interface NodeSet {
  module: string;
  types: string[];
  enabled: boolean;
  err?: string;
}

describe(`the packed package, installed into an empty user directory of ${version}`, () => {
  let folder: string;
  let nodeRed: NodeRed;

  before(async function () {
    this.timeout(180_000);
    folder = mkdtempSync(join(tmpdir(), 'vg-auth-package-'));
    const [packed] = JSON.parse(
      // Without the build, which would write files that another run of these tests is reading.
      npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], PROJECT),
    ) as {
      filename: string;
    }[];
    assert.ok(packed);
    const userDir = join(folder, 'user');
    mkdirSync(userDir);
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'user', private: true }));
    npm(['install', '--omit=dev', '--no-audit', '--no-fund', join(folder, packed.filename)], userDir);
    // Another folder each time: what is compiled from it would only fill the cache.
    nodeRed = await NodeRed.start({ version, userDir, environment: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('offers all nodes', async () => {
    const sets = (await nodeRed.admin('nodes')) as NodeSet[];
    const ours = sets.filter(({ module }) => module === '@vg-auth/node-red-vg-auth');
    assert.deepEqual(ours.map(({ err }) => err).filter(Boolean), []);
    assert.ok(ours.every(({ enabled }) => enabled));
    assert.deepEqual(ours.flatMap(({ types }) => types).sort(), [...TYPES].sort());
  });

  it('runs an example', async function () {
    this.timeout(30_000);
    const file = '01 - Call an API with a VGS service token';
    const flow = (await nodeRed.admin(
      `library/examples/flows/@vg-auth/node-red-vg-auth/${encodeURIComponent(file)}`,
    )) as {
      id: string;
      name?: string;
    }[];
    await nodeRed.deploy(flow);
    const inject = flow.find(({ name }) => name === 'Call the API');
    const { msg } = await nodeRed.nextDebug('API answered', () => nodeRed.inject(inject?.id ?? ''));
    assert.equal(JSON.parse(msg).signed_in_as, 'practice');
  });
});

/** npm, without the environment variables of the npm that runs this test. */
function npm(args: string[], cwd: string): string {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  // The limit of the test does not end it: Node.js runs nothing else meanwhile.
  const options = { cwd, env: environment, encoding: 'utf8', timeout: 150_000 } as const;
  return execFileSync('npm', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}

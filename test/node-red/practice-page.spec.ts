import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { freePort } from '../support/free-port.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { codeOf, readPage } from '../support/pages.ts';
import { closeServers, serve } from '../support/servers.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const run = promisify(execFile);
const page = readPage('docs/practice.md');
const [settings = '', script = ''] = codeOf(page, 'js');
const [flows = ''] = codeOf(page, 'json');
const [curl = ''] = codeOf(page, 'sh');

describe(`docs/practice.md in ${version}`, function () {
  this.timeout(120_000);
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vg-auth-testing-'));
    linkProject(dir);
  });
  afterEach(async () => {
    await closeServers();
    rmSync(dir, { recursive: true, force: true });
  });

  it('has a test that passes unchanged, without any account', async () => {
    const link = join(dir, 'node_modules', 'node-red');
    symlinkSync(join(PROJECT, 'node_modules', version), link, 'junction');
    writeFileSync(join(dir, 'settings.js'), settings);
    writeFileSync(join(dir, 'flows.json'), flows);
    writeFileSync(join(dir, 'flows.test.mjs'), script);
    const env = {
      ...withoutAccounts(process.env),
      PORT: String(await freePort()),
    };
    const { stdout } = await run(process.execPath, ['--test', 'flows.test.mjs'], {
      cwd: dir,
      env,
      timeout: 100_000,
    }).catch((failed) => {
      throw new Error(`${failed.stdout}\n${failed.stderr}`);
    });
    assert.match(stdout, /pass 4\b/);
    assert.match(stdout, /fail 0\b/);
  });

  it('tests an account, a server and their API with curl, and reports that it was practice', async () => {
    const real = await serve(() => ({ status: 500 }));
    const nodeRed = await NodeRed.start({ version, userDir: dir, settings: { vgAuthPractice: true } });
    try {
      const testUrl = `${real.origin}/me`;
      await nodeRed.deploy([
        {
          id: 'vgs',
          type: 'vgs-account',
          tokenUrl: real.origin,
          testUrl,
          credentials: { clientId: 'a', clientSecret: 'b' },
        },
        { id: 'server', type: 'vg-server', url: real.origin, applicationId: 'app', testUrl },
      ]);
      const said = async (command: string): Promise<Reply> =>
        JSON.parse((await run('sh', ['-c', command.replace('http://127.0.0.1:1880/', nodeRed.url)])).stdout) as Reply;
      const server = curl.replace('vgs-account', 'vg-server').replace('"id":"vgs"', '"id":"server","signIn":true');
      for (const command of [curl, server]) {
        const { state, message, steps } = await said(command);
        assert.equal(state, 'signed-in', message);
        assert.deepEqual(
          steps.map((each) => `${each.step} ${each.state}`),
          ['settings ok', 'token ok', 'api ok'],
        );
        assert.match(message, /practice server/);
        assert.match(steps[0]?.message ?? '', /vgAuthPractice is enabled in settings\.js/);
      }
      assert.deepEqual(real.requests, []);
      const { accounts } = (await nodeRed.admin('vg-auth/accounts')) as { accounts: { practice: boolean }[] };
      assert.deepEqual(
        accounts.map(({ practice }) => practice),
        [true, true],
      );
      assert.match(nodeRed.log, /\[warn\] vgAuthPractice is enabled in settings\.js/);
    } finally {
      await nodeRed.stop();
    }
  });
});

type Reply = { state: string; message: string; steps: { step: string; state: string; message: string }[] };

function withoutAccounts({ VGS_CLIENT_ID, VGS_SECRET, ...rest }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return rest;
}

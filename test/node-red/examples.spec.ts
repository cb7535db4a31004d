import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const folder = join(PROJECT, 'examples');

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  name?: string;
  info?: string;
}

/** What to click in each example, and what arrives at which debug node. `recipes.spec.ts` tests the others. */
const RUNS: Record<string, { click: string; debug: string; shows: Record<string, unknown> }[]> = {
  '00 - Your first flow.json': [
    { click: '', debug: 'debug 1', shows: { path: '/api/hello', signed_in_as: 'practice', system: 'vgs' } },
  ],
  '01 - Call an API with a VGS service token.json': [
    {
      click: 'Call the API',
      debug: 'API answered',
      shows: { path: '/api/network-tokens', signed_in_as: 'practice', system: 'vgs' },
    },
    { click: 'Get a token', debug: 'The token', shows: { access_token: '[redacted]', token_type: 'Bearer' } },
  ],
  '02 - Sign a person in with a code.json': [
    { click: 'Sign in', debug: 'Signed in', shows: { state: 'signed-in', user: 'all' } },
  ],
  '03 - Sign a person in with a link.json': [
    { click: 'Sign in', debug: 'Signed in', shows: { state: 'signed-in', user: 'link' } },
  ],
  '04 - Stay signed in.json': [
    { click: 'Call the API', debug: 'API answered', shows: { signed_in_as: 'practice', system: 'vg' } },
    { click: 'Sign out', debug: 'Signed out', shows: { state: 'signed-out', revoked: ['refresh_token'] } },
  ],
  '05 - Try again when the API says 401.json': [
    {
      click: 'Call the API',
      debug: 'API response',
      shows: { path: '/api/rejects-each-token-once', method: 'POST', signed_in_as: 'practice' },
    },
  ],
  '06 - Branch on every authentication state.json': [
    {
      click: 'Sign everybody in',
      debug: 'Signed in, with a warning',
      shows: { state: 'signed-in', warnings: /[a-z]/ },
    },
    { click: 'Sign everybody in', debug: 'A second factor is needed', shows: { state: 'mfa-required' } },
    {
      click: 'Sign everybody in',
      debug: 'An administrator must act',
      shows: { reason: /^account-/ },
    },
    {
      click: 'Sign everybody in',
      debug: 'The person must act at the server',
      shows: { reason: /^(password-change-required|password-expired|mfa-enrollment-required|contact-missing)$/ },
    },
    {
      click: 'Sign everybody in',
      debug: 'The person has no right to this',
      shows: { reason: /^(user-not-authorized|version-|group-|role-)/ },
    },
    {
      click: 'Sign everybody in',
      debug: 'Ask for another password',
      shows: { reason: /^(credentials-invalid|last-attempt|held-back)$/ },
    },
    {
      click: 'Sign everybody in',
      debug: 'A fault',
      shows: { code: /^AUTH_(NETWORK|UNAVAILABLE|TIMEOUT)$/ },
    },
  ],
  '07 - Sign a person in from a web form.json': [],
  '08 - Stay signed in over a restart.json': [
    { click: 'Call the API', debug: 'Sign-in needed', shows: { state: 'mfa-required' } },
    { click: 'Sign in once', debug: 'Signed in', shows: { state: 'signed-in', user: 'sms' } },
    { click: 'Call the API', debug: 'API answered', shows: { signed_in_as: 'sms', system: 'vg' } },
  ],
  '09 - Call the Network Tokens API.json': [
    {
      click: 'Make a token',
      debug: 'Network token',
      shows: { path: '/api/network-tokens', method: 'POST', signed_in_as: 'practice', system: 'vgs' },
    },
  ],
  '10 - Run a nightly job with a service user.json': [
    {
      click: 'Nightly at 02:00',
      debug: 'Job done',
      shows: { path: '/api/invoices', signed_in_as: 'practice', system: 'vg' },
    },
  ],
  '11 - Ask for the code in a chat.json': [],
  '12 - Choose the tenant by the message.json': [
    {
      click: 'For Acme',
      debug: 'API response',
      shows: { path: '/api/cards', scope: 'cards:write user_id service-account' },
    },
    {
      click: 'For Globex',
      debug: 'API response',
      shows: { path: '/api/cards', scope: 'network-tokens:write user_id service-account' },
    },
    { click: 'For In-house', debug: 'Refused', shows: { code: 'AUTH_CONFIG' } },
  ],
  '13 - Sign in to a WebSocket.json': [
    { click: 'Sign in again', debug: 'The server said', shows: { welcome: 'practice' } },
  ],
  '14 - Sign in to an MQTT broker.json': [],
  '15 - Tell somebody when a sign-in needs a person.json': [],
};

describe(`the example flows, imported into ${version}`, () => {
  let userDir: string;
  let nodeRed: NodeRed;

  before(async function () {
    this.timeout(60_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-examples-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are complete, and are offered by the editor', async () => {
    assert.deepEqual(readdirSync(folder).sort(), Object.keys(RUNS).sort());
    const offered = JSON.stringify(await nodeRed.admin('library/examples/flows/@vg-auth/node-red-vg-auth/'));
    for (const file of Object.keys(RUNS)) assert.ok(offered.includes(file.replace('.json', '')), file);
  });

  it('have every flow node type, and a comment that explains, in each', () => {
    const types = new Set<string>();
    for (const file of Object.keys(RUNS)) {
      const flow = read(file);
      for (const { type } of flow) types.add(type);
      assert.ok(
        flow.some(({ type, info }) => type === 'comment' && (info ?? '').length > 100),
        file,
      );
    }
    for (const type of ['vgs-token', 'vg-login', 'vg-mfa', 'vg-logout', 'attach-bearer'])
      assert.ok(types.has(type), type);
  });

  for (const [file, runs] of Object.entries(RUNS)) {
    it(`run: ${file}`, async function () {
      this.timeout(60_000);
      const flow = read(file);
      await nodeRed.deploy(flow);
      for (const { click, debug, shows } of runs) {
        const inject = flow.find(({ type, name }) => type === 'inject' && name === click);
        assert.ok(inject, click);
        const { msg } = await nodeRed.nextDebug(debug, () => nodeRed.inject(inject.id));
        const shown = JSON.parse(msg) as Record<string, unknown>;
        for (const [name, value] of Object.entries(shows)) {
          if (value instanceof RegExp) assert.match(String(shown[name] ?? ''), value, `${click}: ${name}`);
          else assert.deepEqual(shown[name], value, `${click}: ${name}`);
        }
      }
    });
  }

  function read(file: string): FlowNode[] {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

const NEED = 'vg-auth/need';
const REVISION = 'vg-auth/revision';

const practice = (id: string, type: string, credentials: object): object => ({ id, type, practice: true, credentials });
const FLOW = [
  { id: 'tab', type: 'tab', label: 'comms' },
  practice('good', 'vgs-account', {}),
  practice('bad', 'vgs-account', { clientId: 'practice', clientSecret: 'THE-WRONG-SECRET' }),
  practice('robot', 'vg-server', { username: 'sms', password: 'practice' }),
];
const INCOMPLETE = { id: 'empty', type: 'vgs-account', name: 'The empty' };

describe(`the packets that the editors of ${version} get for the tab Sign-ins`, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  const packets: { topic: string; data: unknown }[] = [];

  before(async function () {
    this.timeout(180_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-comms-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    await nodeRed.onPacket((packet) => {
      if (packet.topic.startsWith('vg-auth/')) packets.push(packet);
    });
    await nodeRed.deploy(FLOW);
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function act(path: string): Promise<void> {
    await nodeRed.admin(`vg-auth/${path}`, {});
  }

  /** Waits for one more packet than before. @returns the topics of all */
  async function topicsAfter(change: () => Promise<void>): Promise<string[]> {
    const before = packets.length;
    await change();
    await until(() => packets.length > before);
    return packets.map(({ topic }) => topic);
  }

  it('are one revision if the list of challenges that need a human changes, and nothing else while nobody asks', async () => {
    await act('accounts/good/renew');
    assert.deepEqual(await topicsAfter(() => act('accounts/bad/renew')), [NEED]);
    await act('accounts/good/renew');
    assert.deepEqual(await topicsAfter(() => act('accounts/robot/sign-in')), [NEED, NEED]);
    assert.deepEqual(await topicsAfter(() => nodeRed.deploy([...FLOW, INCOMPLETE])), [NEED, NEED, NEED]);
    assert.deepEqual(await topicsAfter(() => nodeRed.deploy(FLOW)), [NEED, NEED, NEED, NEED]);
  });

  it('are a revision for each change while somebody asks for the accounts', async () => {
    await nodeRed.admin('vg-auth/accounts');
    assert.equal((await topicsAfter(() => act('accounts/good/renew'))).at(-1), REVISION);
  });

  it('contain no data, because they reach everybody', () => {
    for (const { data } of packets) {
      assert.deepEqual(Object.keys(data as object), ['revision']);
      assert.equal(typeof (data as { revision: unknown }).revision, 'number');
    }
  });
});

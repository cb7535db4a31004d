import assert from 'node:assert/strict';
import { place, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';

/** The messages of a Status node. */
interface Told {
  status?: { text?: string; source?: { id: string; type: string } };
}

describe('a Status node', () => {
  it('receives the state of the config nodes that the nodes of its flow use', async () => {
    const flow = await load([
      { id: 'account', type: 'vgs-account', practice: true },
      { id: 'server', type: 'vg-server', practice: true },
      wire('vgs-token', 'get', ['', ''], { account: 'account' }),
      wire('attach-bearer', 'attach', ['', ''], { source: 'vg', server: 'server' }),
      { id: 'listener', type: 'status', scope: null, wires: [['told']] },
      place('told'),
    ]);
    const until = async (id: string, text: RegExp): Promise<void> => {
      let told: Told['status'];
      while (told?.source?.id !== id || !text.test(told.text ?? ''))
        told = ((await flow.next('told')).msg as Told).status;
      assert.equal(told.source.type, id === 'account' ? 'vgs-account' : 'vg-server');
    };
    flow.send('get');
    await until('account', /valid-until/);
    flow.send('attach');
    await until('server', /valid-until/);
  });
});

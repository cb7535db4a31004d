import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { type FlowNode, place, wire } from '../support/flows.ts';
import { load, logged } from '../support/runtime.ts';
import { CLIENT, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

/** A Status node for all nodes, and for config nodes that are used. */
const STATUS: FlowNode[] = [wire('status', 'status', ['heard'], { scope: null }), place('heard')];

/** How many lines of the log contain a text. */
const lines = (text: string): number => logged().split(text).length - 1;

describe('a config node that cannot be used', () => {
  it('is reported by one error line in the log at the start, and by its status', async () => {
    setEnvironment({ NOT_SET: undefined });
    const flow = await load([...vgsFlow(`\${NOT_SET}`), ...STATUS], VGS_CREDENTIALS);
    const heard = [(await flow.next('heard')).msg, (await flow.next('heard')).msg].map(
      ({ status }) => status as { text: string; source: { id: string } },
    );
    assert.deepEqual(heard.map(({ text, source }) => [source.id, text.includes('variable-missing')]).sort(), [
      ['account', true],
      ['get', true],
    ]);
    assert.equal(lines('environment variable NOT_SET'), 1);
    assert.equal(flow.shown('account').length, 1);
    await flow.ask('get');
    assert.equal(lines('environment variable NOT_SET'), 1);
    await flow.deploy([...vgsFlow(`\${NOT_SET}`), ...STATUS]);
    assert.equal(lines('environment variable NOT_SET'), 2);
  });

  it('is reported by one line for each, whatever the number of its users', async () => {
    const nodes: FlowNode[] = [
      ...vgsFlow('ftp://a.test'),
      wire('attach-bearer', 'attach', ['token', 'refused'], { source: 'vgs', account: 'account' }),
      { id: 'server', type: 'vg-server', url: '', applicationId: 'app' },
      { id: 'store', type: 'auth-store', kind: 'context' },
    ];
    await load(nodes, VGS_CREDENTIALS);
    assert.deepEqual(
      ['"tokenUrl" is not a valid web address', '"url" is not set', 'No credentials are stored'].map(lines),
      [1, 1, 1],
    );
  });

  it('reports lost credentials, not an empty field, if none are stored', async () => {
    await load(vgsFlow('https://tokens.test'), {});
    assert.equal(lines('credentialSecret'), 1);
    assert.equal(lines('"clientId" is not set'), 0);
  });

  it('reports an empty field if other credentials are stored', async () => {
    await load(vgsFlow('https://tokens.test'), { account: { clientId: CLIENT.clientId } });
    assert.equal(lines('credentialSecret'), 0);
    assert.equal(lines('"clientSecret" is not set'), 1);
  });

  it('is not reported if it is disabled', async () => {
    const [account] = vgsFlow('');
    await load([{ ...account, d: true } as FlowNode], VGS_CREDENTIALS);
    assert.equal(lines('"tokenUrl"'), 0);
  });
});

describe('the first status of a node', () => {
  it('reaches Status nodes: of config nodes and of flow nodes', async () => {
    const server = await serveTokens();
    const flow = await load([...vgsFlow(server.origin, { practice: true }), ...STATUS], {});
    const heard: string[] = [];
    await until(() => {
      for (const { at, msg } of flow.left)
        if (at === 'heard') heard.push((msg.status as { source: { id: string } }).source.id);
      return heard.includes('account') && heard.includes('get');
    });
  });
});

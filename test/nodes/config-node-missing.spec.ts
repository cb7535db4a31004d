import assert from 'node:assert/strict';
import { type Credentials, type FlowNode, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';
import { CLIENT } from '../support/token-server.ts';
import { assertWrong, PEOPLE, places, SERVER } from '../support/wrong-settings.ts';

describe('a missing config node', () => {
  const users: [string, string, object][] = [
    ['vgs-token', 'account', {}],
    ['attach-bearer', 'account', { source: 'vgs' }],
    ['attach-bearer', 'server', { source: 'vg' }],
    ['vg-login', 'server', {}],
    ['vg-logout', 'server', {}],
  ];
  for (const [type, property, rest] of users) {
    const about = (more: object): FlowNode[] => [
      { id: 'account', type: 'vgs-account' },
      { id: 'server', type: 'vg-server', url: SERVER, applicationId: 'app' },
      wire(type, type, ['one', 'two', 'three'], { ...rest, ...more }),
      ...places,
    ];
    const credentials: Credentials = { account: CLIENT, server: PEOPLE };

    it(`is reported by ${type}: no ${property} is named`, async () => {
      await assertWrong(await load(about({}), credentials), 'property-missing', `"${property}"`);
    });

    it(`is reported by ${type}: the ${property} is deleted`, async () => {
      await assertWrong(await load(about({ [property]: 'gone' }), credentials), 'config-node-missing', `"${property}"`);
    });

    it(`is reported by ${type}: the ${property} is disabled`, async () => {
      const nodes = about({ [property]: property }).map((node) => (node.id === property ? { ...node, d: true } : node));
      await assertWrong(await load(nodes, credentials), 'config-node-missing', `"${property}"`);
    });

    it(`is reported by ${type}: the ${property} is of another type`, async () => {
      const other = property === 'account' ? 'server' : 'account';
      await assertWrong(await load(about({ [property]: other }), credentials), 'config-node-wrong', `"${property}"`);
    });
  }

  it('does not affect attach bearer with a token on the message', async () => {
    const flow = await load([wire('attach-bearer', 'attach', ['one', 'two'], { source: 'msg' }), ...places]);

    const { at, msg } = await flow.ask('attach', { token: { access_token: 'abc' } as never });

    assert.equal(at, 'one');
    assert.equal(String(msg.headers?.authorization), 'Bearer abc');
  });
});

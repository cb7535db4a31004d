import assert from 'node:assert/strict';
import { assertFault } from './faults.ts';
import { type FlowNode, place, wire } from './flows.ts';
import type { Flow } from './runtime.ts';

/** A value from the environment. */
export const of = (variable: string): string => `\${${variable}}`;

/** The address of a Visual Guard server that no request reaches. */
export const SERVER = 'https://identity.test';
export const PEOPLE = { username: 'somebody', password: 'THE-PASSWORD' };

/** The helper nodes of these flows. */
export const places = ['one', 'two', 'three'].map(place);

/** A `vgs-account` with these properties, and all nodes that use it. */
export function vgs(account: object): FlowNode[] {
  return [
    { id: 'config', type: 'vgs-account', tokenUrl: 'https://tokens.test/token', ...account },
    wire('vgs-token', 'vgs-token', ['one', 'two'], { account: 'config' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vgs', account: 'config' }),
    ...places,
  ];
}

/** A `vg-server` with these properties, and all nodes that use it. */
export function vg(server: object): FlowNode[] {
  return [
    { id: 'config', type: 'vg-server', url: SERVER, applicationId: 'app', ...server },
    wire('vg-login', 'vg-login', ['one', 'two', 'three'], { server: 'config' }),
    wire('vg-logout', 'vg-logout', ['one'], { server: 'config' }),
    wire('attach-bearer', 'attach-bearer', ['one', 'two'], { source: 'vg', server: 'config' }),
    ...places,
  ];
}

/** Every flow node shows from the start what is wrong, and sends each message to a Catch node. */
export async function assertWrong(flow: Flow, fault: string, ...naming: string[]): Promise<void> {
  const users = ['vgs-token', 'vg-login', 'vg-logout', 'attach-bearer'].filter((id) => {
    try {
      return flow.node(id);
    } catch {
      return false;
    }
  });
  assert.ok(users.length > 0);
  for (const id of users) {
    assert.match(flow.status(id), new RegExp(fault), `the status of ${id}`);
    const arrival = await flow.ask(id, { payload: 'kept' });
    for (const name of naming) assertFault(arrival, 'AUTH_CONFIG', name);
    assert.equal(arrival.msg.payload, 'kept');
    assert.match(flow.status(id), new RegExp(fault), `the status of ${id} after a message`);
  }
}

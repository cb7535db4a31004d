import { type FlowNode, httpRequest, type Message, place, wire } from './flows.ts';
import type { Realm } from './keycloak.ts';
import { branch } from './rejecting-api.ts';

/**
 * `attach` → `call` → `branch`, and a 401 back to `attach`. Each message ends at `answered` or `needed`, or is caught.
 *
 * @param account properties of the config node `account`
 * @param call properties of the `http request` node
 */
export function callingFlow(realm: Realm, account: object = {}, call: object = {}): FlowNode[] {
  return [
    { id: 'account', type: 'vgs-account', tokenUrl: realm.tokenUrl, scope: 'openid', ...account },
    wire('attach-bearer', 'attach', ['call', 'needed'], { source: 'vgs', account: 'account' }),
    httpRequest('call', 'branch', { ret: 'obj', ...call }),
    branch('branch', 'attach'),
    ...['answered', 'needed'].map(place),
  ];
}

/** A call of the realm's API. */
export function callOf(realm: Realm, more: object = {}): Message {
  return { url: realm.apiUrl, method: 'GET', payload: '', ...more };
}

import { type Credentials, type FlowNode, place, wire } from './flows.ts';
import { type Answer, type Received, serve, type TestServer } from './servers.ts';

/** A config node of a tenant. By default it may be chosen by its name, and its client ID is its node ID. */
export interface Tenant {
  id: string;
  name: string;
  [property: string]: unknown;
}

/** A server of both dialects. Each token names its owner: `CLIENT:USER:COUNT`. */
export function serveTenants(): Promise<TestServer> {
  let count = 0;
  return serve(({ form }) => {
    if (form.has('token')) return {};
    count += 1;
    const who =
      form.get('refresh_token')?.replace(/^refresh-/, '') ?? `${form.get('client_id')}:${form.get('Username')}`;
    return granted(who, count);
  });
}

function granted(who: string, count: number): Answer {
  const life = { expires_in: 300, token_type: 'Bearer' };
  return { body: { access_token: `${who}:${count}`, refresh_token: `refresh-${who}`, ...life } };
}

/** The owner of a header or an access token, as `serveTenants` created it. */
export function ownerOf(bearer: unknown): string {
  return String(bearer)
    .replace(/^Bearer /, '')
    .replace(/:\d+$/, '');
}

/** The clients that made the requests, in order. */
export function clientsOf(requests: readonly Received[]): (string | null)[] {
  return requests.map(({ form }) => form.get('client_id'));
}

const BY_NAME = {
  account: { accountName: 'tenant', accountNameType: 'msg' },
  server: { serverName: 'tenant', serverNameType: 'msg' },
};

/** VGS accounts, and the nodes that find them by `msg.tenant`: `get`, `attach`. */
export function accountsByName(origin: string, tenants: readonly Tenant[], how: object = BY_NAME.account): FlowNode[] {
  return [
    ...tenants.map((tenant) => ({ type: 'vgs-account', tokenUrl: origin, byName: true, ...tenant })),
    wire('vgs-token', 'get', ['token', 'refused'], how),
    wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'vgs', hide: false, ...how }),
    ...['token', 'refused', 'ready', 'needed'].map(place),
  ];
}

/** Visual Guard servers, and the nodes that find them by `msg.tenant`: `login`, `logout`, `attach`, `by-handle`. */
export function serversByName(origin: string, tenants: readonly Tenant[]): FlowNode[] {
  const how = BY_NAME.server;
  const fromMessage = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
  return [
    ...tenants.map((tenant) => ({
      type: 'vg-server',
      url: origin,
      applicationId: `app-${tenant.id}`,
      platform: '',
      byName: true,
      ...tenant,
    })),
    wire('vg-login', 'login', ['in', 'mfa', 'refused'], how),
    wire('vg-login', 'person', ['in', 'mfa', 'refused'], { ...how, ...fromMessage }),
    wire('vg-logout', 'logout', ['out'], how),
    wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'vg', hide: false, ...how }),
    wire('attach-bearer', 'by-handle', ['ready', 'needed'], { source: 'vg', hide: false, userType: 'session', ...how }),
    ...['in', 'mfa', 'refused', 'out', 'ready', 'needed'].map(place),
  ];
}

/** Credentials of `vgs-account` nodes: the client's id is the node's. */
export function accountCredentials(...ids: string[]): Credentials {
  return Object.fromEntries(ids.map((id) => [id, { clientId: id, clientSecret: `secret-of-${id}` }]));
}

/** Credentials of `vg-server` nodes: each stores the user `robot`. */
export function serverCredentials(...ids: string[]): Credentials {
  return Object.fromEntries(ids.map((id) => [id, { username: 'robot', password: `password-of-${id}` }]));
}

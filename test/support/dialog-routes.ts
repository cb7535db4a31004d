import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { linkProject, NodeRed } from './node-red.ts';
import { closeServers, type Received, serve, type TestServer } from './servers.ts';
import { until } from './until.ts';

const bcrypt = createRequire(import.meta.url)('bcryptjs') as { hashSync(text: string, rounds: number): string };

/** The text of a dialog in place of a stored secret. */
const STORED = '__PWRD__';
/** None of these may appear in any answer. */
export const SECRETS = [
  'STORED-SECRET',
  'STORED-PASSWORD',
  'TYPED-SECRET',
  'TYPED-PASSWORD',
  'THE-TOKEN',
  'FROM-THE-VARIABLE',
];

// biome-ignore lint/suspicious/noExplicitAny: the body is JSON of many shapes.
export type Answer = { status: number; body: any; text: string };

/** The replies of both servers: discovery, a login without a user, and a token. */
export function answer({ method, form }: Received): { status?: number; body: object } {
  if (method === 'GET') return { body: { token_endpoint: 'x', grant_types_supported: ['VGAuthenticator'] } };
  if (form.get('grant_type') === 'VGAuthenticator' && !form.has('Username')) {
    return { status: 400, body: { error: 'invalid_grant' } };
  }
  return { body: { access_token: 'THE-TOKEN', expires_in: 300, token_type: 'Bearer', scope: 'cards:write' } };
}

/** The deployed flow. @param own the server of the nodes @param other another server */
function flowOf(own: TestServer, other: TestServer): object[] {
  return [
    { id: 'tab', type: 'tab', label: 'routes' },
    {
      id: 'account',
      type: 'vgs-account',
      tokenUrl: `${own.origin}/token`,
      scope: 'cards:write',
      clientAuth: 'body',
      credentials: { clientId: 'client', clientSecret: 'STORED-SECRET' },
    },
    {
      id: 'server',
      type: 'vg-server',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
      url: '${ROUTE_HOST}',
      applicationId: 'app',
      platform: 'Native',
      scope: 'openid',
      module: 'VGUser',
      mfaCredentials: 'none',
      credentials: { clientSecret: 'STORED-SECRET', username: 'robot', password: 'STORED-PASSWORD' },
    },
    // Its address was changed after the secret was entered.
    {
      id: 'moved',
      type: 'vgs-account',
      tokenUrl: `${other.origin}/token`,
      credentials: { clientId: 'client', clientSecret: 'STORED-SECRET', secretFor: `${own.origin} client` },
    },
    {
      id: 'by-proxy',
      type: 'vgs-account',
      tokenUrl: `${own.origin}/token`,
      proxy: 'any-proxy',
      credentials: { clientId: 'client', clientSecret: 'STORED-SECRET' },
    },
    {
      id: 'variable',
      type: 'vgs-account',
      tokenUrl: `${own.origin}/token`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
      credentials: { clientId: 'client', clientSecret: '${ROUTE_SECRET}' },
    },
    { id: 'any-proxy', type: 'http proxy', url: other.origin, noproxy: [] },
    { id: 'any-tls', type: 'tls-config', cert: '', key: '', ca: '' },
    { id: 'tls', type: 'tls-config', z: 'tab', cert: '', key: '', ca: '' },
    { id: 'proxy', type: 'http proxy', z: 'tab', url: own.origin, noproxy: [] },
  ];
}

/** A Node-RED with `adminAuth` whose config nodes use two test servers, and the admin routes of its dialogs. */
export class DialogRoutes {
  own: TestServer;
  other: TestServer;
  readonly nodeRed: NodeRed;
  admin = '';
  reader = '';
  readonly #userDir: string;

  private constructor(nodeRed: NodeRed, userDir: string, own: TestServer, other: TestServer) {
    this.nodeRed = nodeRed;
    this.#userDir = userDir;
    this.own = own;
    this.other = other;
  }

  static async start(version: NodeRedVersion): Promise<DialogRoutes> {
    const own = await serve(answer);
    const other = await serve(answer);
    const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-routes-'));
    linkProject(userDir);
    const password = bcrypt.hashSync('pass', 4);
    const user = (username: string, permissions: string): object => ({ username, password, permissions });
    const nodeRed = await NodeRed.start({
      version,
      userDir,
      settings: {
        adminAuth: { type: 'credentials', users: [user('admin', '*'), user('reader', 'read')] },
        logging: { console: { level: 'info', metrics: false, audit: true } },
      },
      environment: { ROUTE_SECRET: 'FROM-THE-VARIABLE', ROUTE_HOST: own.origin, ROUTE_EMPTY: '' },
    });
    const routes = new DialogRoutes(nodeRed, userDir, own, other);
    routes.admin = await routes.#signIn('admin');
    routes.reader = await routes.#signIn('reader');
    await nodeRed.admin('flows', { flows: flowOf(own, other) }, { authorization: `Bearer ${routes.admin}` });
    await until(() => nodeRed.log.split('Started flows').length > 2, 40_000);
    return routes;
  }

  /** Starts both servers again, because the runtime's tests, in the same process, close every server after each test. */
  async serveAgain(): Promise<void> {
    await closeServers();
    this.own = await serve(answer, { port: this.own.port });
    this.other = await serve(answer, { port: this.other.port });
  }

  async stop(): Promise<void> {
    await this.nodeRed.stop();
    await closeServers();
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** Posts to a route. No answer except that of the import may contain a secret. */
  async post(path: string, body: unknown, token = this.admin, type = 'application/json'): Promise<Answer> {
    const response = await fetch(this.nodeRed.url + path, {
      method: 'POST',
      headers: { 'content-type': type, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (path !== 'vgs-account/import') for (const secret of SECRETS) assert.ok(!text.includes(secret), text);
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined };
  }

  /** The dialog of the deployed account, with changes. */
  account(changes: object = {}): Promise<Answer> {
    return this.post('vgs-account/test', {
      id: 'account',
      tokenUrl: `${this.own.origin}/token`,
      scope: 'cards:write',
      clientAuth: 'body',
      proxy: '_ADD_',
      practice: false,
      clientId: 'client',
      clientSecret: STORED,
      ...changes,
    });
  }

  /** The dialog of the deployed server, with changes. */
  server(changes: object = {}): Promise<Answer> {
    return this.post('vg-server/test', {
      id: 'server',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
      url: '${ROUTE_HOST}',
      applicationId: 'app',
      platform: 'Native',
      scope: 'openid',
      module: 'VGUser',
      mfaCredentials: 'none',
      clientSecret: STORED,
      username: 'robot',
      password: STORED,
      signIn: true,
      ...changes,
    });
  }

  async #signIn(username: string): Promise<string> {
    const scope = username === 'admin' ? '*' : 'read';
    const body = { client_id: 'node-red-editor', grant_type: 'password', scope, username, password: 'pass' };
    return ((await this.nodeRed.admin('auth/token', body)) as { access_token: string }).access_token;
  }
}

import type { NodeAPI } from 'node-red';
import { asAuthError } from '../../../src/core/errors.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { VgsSettings } from '../../../src/vgs/account.ts';
import { type AccountCheck, checkAccount } from '../../../src/vgs/check.ts';
import { readAccount } from '../../../src/vgs/settings.ts';
import { checkServer, type ServerCheck } from '../../../src/visual-guard/check.ts';
import type { VisualGuardSettings } from '../../../src/visual-guard/dialect/wire.ts';
import { readServer } from '../../../src/visual-guard/settings.ts';
import { auditTest } from '../audit.ts';
import { textOf } from '../catalogue.ts';
import { ACCOUNT_SECRETS, SERVER_SECRETS } from '../config/secret-owner.ts';
import { type ConnectionTest, testConnection } from './connection-test.ts';
import { BodyError, type FieldKind, readBody } from './request-body.ts';
import { testStore } from './store-test.ts';
import { summarizeAccount, summarizeServer } from './test-steps.ts';

type Kinds = Readonly<Record<string, FieldKind>>;

/** The fields of both dialogs. */
const BOTH: Kinds = {
  id: 'text',
  z: 'text',
  /** Whether nothing is tested: the answer only has the variables that have a value. */
  variablesOnly: 'flag',
  name: 'text',
  scope: 'text',
  tls: 'text',
  proxy: 'text',
  insecureHttp: 'checkbox',
  practice: 'checkbox',
  testUrl: 'text',
  clientSecret: 'text',
  nextClientSecret: 'text',
};

const ACCOUNT: Kinds = {
  ...BOTH,
  tokenUrl: 'text',
  vaultId: 'text',
  clientAuth: 'text',
  clientId: 'text',
  nextClientId: 'text',
};

const SERVER: Kinds = {
  ...BOTH,
  /** Whether to sign the stored user in, too. */
  signIn: 'flag',
  url: 'text',
  applicationId: 'text',
  platform: 'text',
  module: 'text',
  mfaCredentials: 'text',
  username: 'text',
  password: 'text',
};

const STORE: Kinds = {
  id: 'text',
  z: 'text',
  variablesOnly: 'flag',
  name: 'text',
  kind: 'text',
  context: 'text',
  topology: 'text',
  url: 'text',
  primary: 'text',
  prefix: 'text',
  tls: 'text',
  encryptionKey: 'text',
  previousEncryptionKey: 'text',
  username: 'text',
  password: 'text',
  sentinelPassword: 'text',
};

/** `POST vgs-account/test` and `POST vgs-account/import`. */
export function accountRoutes(RED: NodeAPI, engine: Engine): void {
  const test: ConnectionTest<VgsSettings, AccountCheck> = {
    type: 'vgs-account',
    secrets: ACCOUNT_SECRETS,
    read: readAccount,
    check: (settings, transport, testApi) => checkAccount(settings, transport, engine.clock, testApi),
    summarize: summarizeAccount,
  };
  route(RED, '/vgs-account/test', (body) => testConnection(RED, engine, test, readBody(body, ACCOUNT)));
  route(RED, '/vgs-account/import', async (body) => {
    // The YAML library is larger than all other code here, so Node-RED starts without it.
    const { LARGEST_FILE, readServiceAccountFile } = await import('../../../src/vgs/service-account-file.ts');
    const { yaml } = readBody(body, { yaml: 'text' }, LARGEST_FILE);
    if (typeof yaml !== 'string') throw new BodyError('wrong-type');
    return readServiceAccountFile(yaml);
  });
}

/** `POST vg-server/test`. */
export function serverRoutes(RED: NodeAPI, engine: Engine): void {
  route(RED, '/vg-server/test', (body) => {
    const values = readBody(body, SERVER);
    const signsIn = values.signIn === true;
    const test: ConnectionTest<VisualGuardSettings, ServerCheck> = {
      type: 'vg-server',
      secrets: SERVER_SECRETS,
      read: readServer,
      check: (settings, transport, testApi) => checkServer(settings, transport, engine, signsIn, testApi),
      summarize: summarizeServer,
      // A password that is not sent may be stored for any user.
      unused: signsIn ? [] : ['password'],
    };
    return testConnection(RED, engine, test, values);
  });
}

/** `POST auth-store/test`. */
export function storeRoutes(RED: NodeAPI, { clock }: Engine): void {
  route(RED, '/auth-store/test', (body) => testStore(RED, clock, readBody(body, STORE)));
}

/** Adds a route for users who may deploy. With a deploy, they can also send a typed secret anywhere. */
function route(RED: NodeAPI, path: string, answer: (body: unknown) => object | Promise<object>): void {
  const mayDeploy = RED.auth.needsPermission('flows.write');
  RED.httpAdmin.post(path, mayDeploy, async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      // A browser allows other sites to post forms here, but not JSON.
      if (!request.is('application/json')) throw new BodyError('no-object');
      const reply = await answer(request.body);
      if (path.endsWith('/test')) auditTest(RED, request, reply);
      response.json(reply);
    } catch (thrown) {
      const error = thrown instanceof BodyError ? `test.body.${thrown.fault}` : '';
      const { fault, values } = asAuthError(thrown);
      const message = textOf(RED, error || `errors.${fault}`, values);
      response.status(error ? 400 : 500).json({ error: error || `errors.${fault}`, message });
    }
  });
}

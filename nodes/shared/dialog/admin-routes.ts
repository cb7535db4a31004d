import type { NodeAPI } from 'node-red';
import { asAuthError } from '../../../src/core/errors.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { VgsSettings } from '../../../src/vgs/account.ts';
import { checkAccount } from '../../../src/vgs/check.ts';
import { readAccount } from '../../../src/vgs/settings.ts';
import { checkServer } from '../../../src/visual-guard/check.ts';
import type { VisualGuardSettings } from '../../../src/visual-guard/dialect/wire.ts';
import { readServer } from '../../../src/visual-guard/settings.ts';
import { auditTest } from '../audit.ts';
import { CATALOGUE } from '../catalogue.ts';
import { ACCOUNT_SECRETS, SERVER_SECRETS } from '../config/secret-owner.ts';
import { type ConnectionTest, testConnection } from './connection-test.ts';
import { BodyError, type FieldKind, readBody } from './request-body.ts';
import { testStore } from './store-test.ts';

type Kinds = Readonly<Record<string, FieldKind>>;

/** What both dialogs have. */
const BOTH: Kinds = {
  id: 'text',
  z: 'text',
  /** Nothing is tested: the answer tells only which variables have a value. */
  variablesOnly: 'flag',
  name: 'text',
  scope: 'text',
  tls: 'text',
  proxy: 'text',
  insecureHttp: 'flag',
  practice: 'flag',
  clientSecret: 'text',
};

const ACCOUNT: Kinds = { ...BOTH, tokenUrl: 'text', vaultId: 'text', clientAuth: 'text', clientId: 'text' };

const SERVER: Kinds = {
  ...BOTH,
  /** Sign the stored user in, too. */
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
  url: 'text',
  prefix: 'text',
  tls: 'text',
  encryptionKey: 'text',
  previousEncryptionKey: 'text',
  username: 'text',
  password: 'text',
};

/** `POST vgs-account/test` and `POST vgs-account/import`. */
export function accountRoutes(RED: NodeAPI, engine: Engine): void {
  const test: ConnectionTest<VgsSettings> = {
    type: 'vgs-account',
    secrets: ACCOUNT_SECRETS,
    read: readAccount,
    check: (settings, transport) => checkAccount(settings, transport, engine.clock),
  };
  route(RED, '/vgs-account/test', (body) => testConnection(RED, engine, test, readBody(body, ACCOUNT)));
  route(RED, '/vgs-account/import', async (body) => {
    // Loaded when somebody imports: reading YAML takes more code than all else here, and Node-RED starts without it.
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
    const test: ConnectionTest<VisualGuardSettings> = {
      type: 'vg-server',
      secrets: SERVER_SECRETS,
      read: readServer,
      check: (settings, transport) => checkServer(settings, transport, engine, signsIn),
    };
    // A password that is not sent needs no question whose it is.
    return testConnection(RED, engine, test, signsIn ? values : { ...values, password: '' });
  });
}

/** `POST auth-store/test`. */
export function storeRoutes(RED: NodeAPI, { clock }: Engine): void {
  route(RED, '/auth-store/test', (body) => testStore(RED, clock, readBody(body, STORE)));
}

/** A route for those who may deploy: with it, a secret that they type can be sent anywhere, as with a deploy. */
function route(RED: NodeAPI, path: string, answer: (body: unknown) => object | Promise<object>): void {
  const mayDeploy = RED.auth.needsPermission('flows.write');
  RED.httpAdmin.post(path, mayDeploy, async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      // A form of another site could be posted here without a question; JSON cannot.
      if (!request.is('application/json')) throw new BodyError('no-object');
      const said = await answer(request.body);
      if (path.endsWith('/test')) auditTest(RED, request, said);
      response.json(said);
    } catch (thrown) {
      const error = thrown instanceof BodyError ? `test.body.${thrown.fault}` : '';
      const { fault, values } = asAuthError(thrown);
      const message = RED._(CATALOGUE + (error || `errors.${fault}`), { ...values });
      response.status(error ? 400 : 500).json({ error: error || `errors.${fault}`, message });
    }
  });
}

import type { NodeAPI } from 'node-red';
import { AuthError, asAuthError } from '../../../src/core/errors.ts';
import type { DurableStore } from '../../../src/store/store.ts';
import { oneTimeCodeOf } from '../../../src/visual-guard/challenge/one-time-code.ts';
import { CATALOGUE, sentenceOf } from '../catalogue.ts';
import { storeSince } from '../changes/store-log.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { deployedNodes } from '../config/deployed.ts';
import { BodyError, type FieldKind, readBody } from '../dialog/request-body.ts';
import { accountOf, isAccount } from './account.ts';
import { ActionError, actOnAccount, actOnChallenge, signSessionOut, signSessionsOut } from './actions.ts';
import { actingAs, eventLogOf } from './event-log.ts';
import { metricsText } from './metrics-text.ts';
import { mayReadMetrics, metricsSetting } from './metrics-token.ts';
import { revisionOf } from './revision.ts';
import { listSessions } from './session-list.ts';

/** The parts of Express' request and response that are used. */
interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: unknown;
  user?: { username?: string };
  headers: Record<string, string | undefined>;
  is(type: string): string | false | null;
}

interface Response {
  set(name: string, value: string): Response;
  status(code: number): Response;
  json(body: object): void;
  end(body?: string): void;
}

/** The response of a route. */
interface Reply {
  status?: number;
  body: object;
}

/** Registers the admin routes of the tab Sign-ins, which scripts, health checks and Prometheus use too. */
export function signInRoutes(RED: NodeAPI): void {
  readRoutes(RED);
  actionRoutes(RED);
  watchRoutes(RED);
}

function readRoutes(RED: NodeAPI): void {
  get(RED, '/vg-auth/accounts', () => {
    const revision = revisionOf(RED);
    revision.asked();
    const nodes = deployedNodes(RED);
    return {
      revision: revision.number,
      accounts: nodes.filter(isAccount).map((node) => accountOf(RED, node)),
      stores: nodes.filter(({ type }) => type === 'auth-store').map((node) => storeOf(RED, node)),
    };
  });
  get(RED, '/vg-auth/sessions', ({ query }) =>
    listSessions(RED, {
      server: textIn(query, 'server'),
      user: textIn(query, 'user'),
      limit: numberIn(query, 'limit'),
      after: textIn(query, 'after'),
    }),
  );
  get(RED, '/vg-auth/events', ({ query }) => ({ events: eventLogOf(RED).after(numberIn(query, 'after') ?? 0) }));
}

/** A session store, as `GET vg-auth/accounts` reports it. */
function storeOf(RED: NodeAPI, node: ConnectionNode<unknown>): object {
  const { id, name = '', problem, startedAt } = node;
  const store = node.connection as DurableStore | undefined;
  if (!store) {
    const message = problem ? { message: sentenceOf(RED, problem) } : {};
    return { id, name, kind: '', host: '', state: 'gone', since: startedAt, ...message };
  }
  const { state, host, kind } = store;
  const message =
    state.at === 'gone' ? { message: sentenceOf(RED, new AuthError('store-gone', { host, cause: state.cause })) } : {};
  return { id, name, kind, host, state: state.at, since: storeSince(store), ...message };
}

function actionRoutes(RED: NodeAPI): void {
  for (const action of ['renew', 'sign-in', 'sign-out'] as const) {
    act(RED, `/vg-auth/accounts/:id/${action}`, {}, async ({ params }) => ({
      body: await actOnAccount(RED, params.id ?? '', action),
    }));
  }
  act(RED, '/vg-auth/challenges/:id/choose', { method: 'text' }, ({ params }, { method = '' }) =>
    stepOf(RED, () => actOnChallenge(RED, params.id ?? '', 'choose', String(method))),
  );
  act(RED, '/vg-auth/challenges/:id/submit', { code: 'text' }, ({ params }, { code = '' }) =>
    stepOf(RED, () => actOnChallenge(RED, params.id ?? '', 'submit', codeOf(code))),
  );
  act(RED, '/vg-auth/challenges/:id/click', {}, ({ params }) =>
    stepOf(RED, () => actOnChallenge(RED, params.id ?? '', 'click', '')),
  );
  act(RED, '/vg-auth/sessions/:id/sign-out', {}, async ({ params }) => ({
    body: { signed_out: await signSessionOut(RED, params.id ?? '') },
  }));
  act(RED, '/vg-auth/sessions/sign-out', { server: 'text', user: 'text' }, async (_request, { server, user }) => {
    if (typeof server !== 'string') throw new BodyError('no-id');
    return { body: { signed_out: await signSessionsOut(RED, server, user as string | undefined) } };
  });
}

/** A code in the form that `submit MFA code` accepts. @throws BodyError if there is none */
function codeOf(written: unknown): string {
  const code = oneTimeCodeOf(String(written));
  if (code === '') throw new BodyError('no-code');
  return code;
}

/** The outcome of a step, or 502 if the identity server cannot be reached. */
async function stepOf(RED: NodeAPI, step: () => Promise<object>): Promise<Reply> {
  try {
    return { body: await step() };
  } catch (thrown) {
    if (thrown instanceof BodyError) throw thrown;
    const error = asAuthError(thrown);
    return { status: 502, body: { code: error.code, message: sentenceOf(RED, error) } };
  }
}

function watchRoutes(RED: NodeAPI): void {
  const setting = metricsSetting(RED);
  const mayRead = mayReadMetrics(RED, setting);
  RED.httpAdmin.get('/vg-auth/health', mayRead, (request: unknown, response: unknown) => {
    const accounts = deployedNodes(RED)
      .filter(isAccount)
      .map((node) => accountOf(RED, node))
      .filter(({ ok }) => !ok);
    const isScraper = (request as { isScraper?: boolean }).isScraper === true;
    const shown = isScraper ? accounts.map(withoutPeople) : accounts;
    const reply = response as Response;
    reply.set('cache-control', 'no-store');
    if (accounts.length === 0) reply.json({ ok: true });
    else reply.status(503).json({ ok: false, accounts: shown });
  });
  RED.httpAdmin.get('/vg-auth/metrics', mayRead, (_request: unknown, response: unknown) => {
    const reply = response as Response;
    reply.set('cache-control', 'no-store');
    if (!setting.isOn) reply.status(404).json(faultBody(RED, 'sign-ins.metrics-off'));
    else reply.set('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(metricsText(RED));
  });
}

/** The data of an account for a scraper with the metrics token: no personal data. */
function withoutPeople({ id, type, name, state, ok, since, reason, code }: ReturnType<typeof accountOf>): object {
  return { id, type, name, state, ok, since, ...(reason ? { reason } : {}), ...(code ? { code } : {}) };
}

function get(RED: NodeAPI, path: string, answer: (request: Request) => object): void {
  RED.httpAdmin.get(path, RED.auth.needsPermission('vg-auth.read'), (request: unknown, response: unknown) => {
    void send(RED, response as Response, async () => ({ body: answer(request as Request) }));
  });
}

function act(
  RED: NodeAPI,
  path: string,
  kinds: Readonly<Record<string, FieldKind>>,
  answer: (request: Request, body: Readonly<Record<string, unknown>>) => Promise<Reply>,
): void {
  RED.httpAdmin.post(path, RED.auth.needsPermission('vg-auth.write'), (given: unknown, response: unknown) => {
    const request = given as Request;
    void send(RED, response as Response, async () => {
      const hasBody =
        Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined;
      // A page of another site can send a form, or an empty body, without a preflight request, but not JSON.
      if ((hasBody || isOfAnotherSite(request)) && !request.is('application/json')) throw new BodyError('no-object');
      const body = readBody(hasBody ? request.body : {}, kinds);
      audit(RED, request, path);
      return actingAs(request.user?.username, () => answer(request, body));
    });
  });
}

/** Whether a browser says that a page of another site sends the request (Fetch Metadata, `Sec-Fetch-Site`). */
function isOfAnotherSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** Writes an audit line for an action; its results have events of their own. Node-RED adds the user, the path and the address. */
function audit(RED: NodeAPI, request: Request, path: string): void {
  const event = `vg-auth.${path.split('/').at(-1)}-requested`;
  (RED.log.audit as unknown as (line: object, request: object) => void)({ event }, request);
}

async function send(RED: NodeAPI, response: Response, answer: () => Promise<Reply>): Promise<void> {
  response.set('cache-control', 'no-store');
  try {
    const { status = 200, body } = await answer();
    response.status(status).json(body);
  } catch (thrown) {
    const { status, body } = faultOf(RED, thrown);
    response.status(status).json(body);
  }
}

function faultOf(RED: NodeAPI, thrown: unknown): { status: number; body: object } {
  if (thrown instanceof BodyError) return { status: 400, body: faultBody(RED, `test.body.${thrown.fault}`) };
  if (thrown instanceof ActionError) return { status: thrown.status, body: faultBody(RED, `sign-ins.${thrown.fault}`) };
  const error = asAuthError(thrown);
  return { status: 500, body: { error: `errors.${error.fault}`, message: sentenceOf(RED, error) } };
}

/** @param key of the message in the catalog, which has no values to fill in */
function faultBody(RED: NodeAPI, key: string): object {
  return { error: key, message: RED._(CATALOGUE + key) };
}

/** A parameter of the query. @throws BodyError if it is given twice, or as an object */
function textIn(query: Request['query'], name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new BodyError('wrong-type');
}

/** A whole number of the query. @throws BodyError if it is none */
function numberIn(query: Request['query'], name: string): number | undefined {
  const text = textIn(query, name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new BodyError('wrong-type');
  return Number(text);
}

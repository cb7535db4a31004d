import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { accountRoutes, serverRoutes, storeRoutes } from '../../nodes/shared/dialog/admin-routes.ts';
import { signInRoutes } from '../../nodes/shared/sign-ins/routes.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { MONITORING, routeRows } from '../support/monitoring-page.ts';
import { tableBelow } from '../support/pages.ts';

type Middleware = (request: object, response: object, next: () => void) => void;

/** The routes that the package registers, as `METHOD path permission`. */
function registered(): string[] {
  const routes: string[] = [];
  const add =
    (method: string) =>
    (path: string, mayCall: Middleware): void => {
      const request: { headers: object; permission?: string } = { headers: {} };
      mayCall(request, {}, () => undefined);
      const name = path.slice(1).replace(':id', 'ID');
      routes.push(`${method} ${name} ${request.permission}`);
    };
  const RED = {
    settings: {},
    auth: {
      needsPermission:
        (permission: string): Middleware =>
        (request) => {
          Object.assign(request, { permission });
        },
    },
    httpAdmin: { get: add('GET'), post: add('POST') },
  } as unknown as NodeAPI;
  const engine = {} as Engine;
  signInRoutes(RED);
  accountRoutes(RED, engine);
  serverRoutes(RED, engine);
  storeRoutes(RED, engine);
  return routes.sort();
}

describe('docs/monitoring.md', () => {
  it('has every route that the package registers, with its permission, and no other', () => {
    const promised = routeRows().map(({ method, path, permission }) => {
      const isWatched = /health|metrics/.test(path);
      assert.equal(permission.includes('or the metrics token'), isWatched, path);
      return `${method} ${path} ${/`([\w.-]+)`/.exec(permission)?.[1]}`;
    });
    assert.deepEqual(promised.sort(), registered());
  });

  it('has every metric', () => {
    const names = tableBelow(MONITORING, '### Metrics').flatMap(([cell = '']) =>
      [...cell.matchAll(/vg_auth_\w+/g)].map(String),
    );
    assert.equal(new Set(names).size, 13);
    for (const [name] of MONITORING.matchAll(/vg_auth_\w+/g)) assert.ok(names.includes(name), name);
  });

  it('has every state of an account', () => {
    const states = tableBelow(MONITORING, '| state | ok |').map(([state = '', ok]) => [state.replaceAll('`', ''), ok]);
    assert.deepEqual(Object.fromEntries(states), {
      unused: 'yes',
      valid: 'yes',
      renewing: 'yes',
      refused: 'no',
      'needs-human': 'no',
      failing: 'no',
      misconfigured: 'no',
    });
  });
});

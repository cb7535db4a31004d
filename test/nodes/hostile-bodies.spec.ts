import assert from 'node:assert/strict';
import fc from 'fast-check';
import helper from 'node-red-node-test-helper';
import { CANARY, hostileBody, hostileFile, ROUTES } from '../support/hostile-input.ts';
import { load } from '../support/runtime.ts';
import { closedPort, serve } from '../support/servers.ts';

const SEED = 20_261_122;
const RUNS = 150;

describe('any body that is posted to the routes of the dialogs', () => {
  for (const route of Object.keys(ROUTES)) {
    it(`${route} has an answer without a secret (${RUNS} bodies, seed ${SEED})`, async function () {
      this.timeout(60_000);
      const server = await serve(() => ({ status: 400, body: { error: CANARY, error_description: CANARY } }));
      await load(
        [
          { id: 'account', type: 'vgs-account', tokenUrl: server.origin },
          { id: 'server', type: 'vg-server', url: server.origin, applicationId: 'app' },
        ],
        {
          account: { clientId: 'a-client', clientSecret: CANARY },
          server: { clientSecret: CANARY, username: 'robot', password: CANARY },
        },
      );
      const addresses = [
        server.origin,
        `http://127.0.0.1:${await closedPort()}`,
        `redis://127.0.0.1:${await closedPort()}`,
      ];
      const body = hostileBody(route, addresses);
      const file = hostileFile.map((yaml) => ({ yaml }));
      const bodies = fc.sample(route.endsWith('import') ? fc.oneof(file, body) : body, { seed: SEED, numRuns: RUNS });
      const answers: Record<string, number> = {};
      for (const sent of bodies) {
        const { status, text } = await helper
          .request()
          .post(`/${route}`)
          .set('content-type', 'application/json')
          .send(JSON.stringify(sent));
        const about = `${JSON.stringify(sent)} → ${status} ${text}`;
        assert.ok([200, 400].includes(status), about);
        // Pasted text is the purpose of an import.
        const isImported = route.endsWith('import') && text.includes('"state":"read"');
        if (!isImported) assert.ok(!text.includes(CANARY), about);
        assert.doesNotMatch(text, /unexpected|at .*\.[jt]s:\d+/, about);
        const said = status === 200 ? (JSON.parse(text).state ?? 'variables') : status;
        answers[said] = (answers[said] ?? 0) + 1;
      }
      assert.ok(Object.keys(answers).length > 1, `varied enough: ${JSON.stringify(answers)}`);
    });
  }
});

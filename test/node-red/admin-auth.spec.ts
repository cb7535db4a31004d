import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { AdminUsers, adminAuth } from '../support/admin-users.ts';
import { routeRows } from '../support/monitoring-page.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const METRICS_TOKEN = 'THE-METRICS-TOKEN';
const USERS = { admin: '*' };

describe(`the routes of the package with adminAuth in ${version}`, () => {
  let userDir: string;
  let nodeRed: NodeRed;
  let users: AdminUsers;

  before(async function () {
    this.timeout(60_000);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-admin-auth-'));
    linkProject(userDir);
    const settings = { adminAuth: adminAuth(USERS), vgAuthMetrics: { token: METRICS_TOKEN } };
    nodeRed = await NodeRed.start({ version, userDir, settings });
    users = await AdminUsers.signIn(nodeRed, USERS);
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('refuse every request without a token of its own, from any page', async () => {
    const token = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });
    const rows = routeRows();
    assert.ok(rows.length > 15);
    for (const { method, path } of rows) {
      const isWatched = /health|metrics/.test(path);
      const strangers: Record<string, string>[] = [
        {},
        { origin: 'https://evil.example' },
        token('made-up'),
        token(''),
        { authorization: 'Basic YWRtaW46cGFzcw==' },
        ...(isWatched ? [] : [token(METRICS_TOKEN)]),
      ];
      for (const headers of strangers) {
        const { status, text } = await call(method, path, headers);
        // Node-RED answers an empty token with 400.
        const isRefused =
          `${status} ${text}` === (headers.authorization === 'Bearer ' ? '400 Bad Request' : '401 Unauthorized');
        assert.ok(isRefused, `${method} ${path} ${JSON.stringify(headers)}: ${status} ${text}`);
      }
      // The route exists: it answers a request with a token.
      const { status } = await call(method, path, users.headersOf('admin'));
      assert.notEqual(status, 401, path);
    }
  });

  async function call(
    method: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const isPost = method === 'POST';
    const response = await fetch(nodeRed.url + path, {
      method,
      headers: { ...headers, ...(isPost ? { 'content-type': 'application/json' } : {}) },
      ...(isPost ? { body: '{}' } : {}),
    });
    return { status: response.status, text: await response.text() };
  }
});

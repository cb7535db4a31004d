import assert from 'node:assert/strict';
import { PRACTICE_PASSWORD, PRACTICE_VG_URL, PRACTICE_VGS_URL } from '../../src/core/practice-defaults.ts';
import { PRACTICE_MODES, type PracticeMode } from '../../src/practice/mode.ts';
import { PracticeServer } from '../../src/practice/server.ts';
import { FakeSystem } from '../support/fake-system.ts';
import '../support/rejections.ts';

describe('the mode of the practice server', () => {
  let practice: PracticeServer;
  let origin: string;
  beforeEach(async () => {
    practice = new PracticeServer(new FakeSystem());
    origin = await practice.start();
  });
  afterEach(() => practice.stop());

  async function post(path: string, form: Record<string, string> = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(origin + path, { method: 'POST', body: new URLSearchParams(form) });
    return { status: response.status, text: await response.text() };
  }

  const switchTo = (mode: PracticeMode) => post(`/practice/mode/${mode}`);
  const path = (url: string): string => new URL(url).pathname;
  const vgs = () =>
    post(path(PRACTICE_VGS_URL), {
      grant_type: 'client_credentials',
      client_id: 'practice',
      client_secret: PRACTICE_PASSWORD,
    });
  const visualGuard = (form: Record<string, string> = { Username: 'plain', Password: PRACTICE_PASSWORD }) =>
    post(path(PRACTICE_VG_URL), { grant_type: 'VGAuthenticator', client_id: 'practice_Native', ...form });

  for (const [mode, status] of [
    ['normal', 200],
    ['outage', 503],
    ['busy', 429],
    ['refuse', 401],
  ] as const) {
    it(`${mode}: both token endpoints answer ${status}, until it changes`, async () => {
      const { text } = await switchTo(mode);
      assert.deepEqual(JSON.parse(text), { mode });
      for (const answer of [await vgs(), await visualGuard(), await vgs()]) assert.equal(answer.status, status);
      await switchTo('normal');
      assert.equal((await vgs()).status, 200);
    });
  }

  it('has the modes of the documentation', () => {
    assert.deepEqual([...PRACTICE_MODES], ['normal', 'outage', 'busy', 'refuse']);
  });

  it('outage: existing tokens are still accepted by the API, and codes can be read', async () => {
    const token = (JSON.parse((await vgs()).text) as { access_token: string }).access_token;
    await switchTo('outage');
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${origin}/api/cards`, { headers })).status, 200);
    assert.equal((await fetch(`${origin}/practice/inbox/sms`)).status, 404);
    assert.equal((await fetch(`${origin}/.well-known/openid-configuration`)).status, 503);
  });

  it('changes by a POST only, and only to a mode that exists', async () => {
    assert.equal((await fetch(`${origin}/practice/mode/outage`)).status, 405);
    assert.equal((await post('/practice/mode/broken')).status, 404);
    assert.equal((await vgs()).status, 200);
  });

  it('is normal again after the server has stopped', async () => {
    await switchTo('outage');
    practice.stop();
    origin = await practice.start();
    assert.equal((await vgs()).status, 200);
  });
});

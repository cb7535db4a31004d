import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { readExample } from './examples.ts';
import { linkProject, NodeRed } from './node-red.ts';
import { WebClient } from './web-client.ts';

const EXAMPLE = '07 - Sign a person in from a web form.json';

/** The password of every practice user, as a field of the form. */
export const PRACTICE = { password: 'practice' };

/** The data that the flow keeps for one browser. */
interface SignIn {
  form: string;
  auth?: { challenge: { id: string } };
}

/** Returns to the test the data that the flow keeps, and the address of the practice server. */
export const PEEK: readonly object[] = [
  { id: 'peek-in', type: 'http in', url: '/peek', method: 'get', wires: [['peek']] },
  {
    id: 'peek',
    type: 'function',
    outputs: 1,
    func: "msg.payload = { signIns: flow.get('signIns'), practice: env.get('VG_AUTH_PRACTICE_URL') }; return msg;",
    wires: [['peek-out']],
  },
  { id: 'peek-out', type: 'http response', wires: [] },
].map((node) => ({ ...node, z: '27a88a55f70f5557', x: 0, y: 0 }));

/** Example 07 in a Node-RED of its own. */
export class WebForm {
  readonly nodeRed: NodeRed;
  readonly #userDir: string;

  private constructor(nodeRed: NodeRed, userDir: string) {
    this.nodeRed = nodeRed;
    this.#userDir = userDir;
  }

  /** @param settings of Node-RED, in addition to the usual ones */
  static async start(version: NodeRedVersion, settings: Record<string, unknown> = {}): Promise<WebForm> {
    const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-web-form-'));
    linkProject(userDir);
    return new WebForm(await NodeRed.start({ version, userDir, settings }), userDir);
  }

  async stop(): Promise<void> {
    await this.nodeRed.stop();
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** @param change the difference from the text of the file */
  async deploy(change?: (text: string) => string): Promise<void> {
    await this.nodeRed.deploy([...readExample(EXAMPLE, change), ...PEEK]);
  }

  /** Somebody who has opened the page. */
  async open(): Promise<WebClient> {
    const client = new WebClient(this.nodeRed.url);
    await client.open('sign-in');
    return client;
  }

  /** Posts a form that must not work. The response is a new form. */
  async refuses(client: WebClient, fields: Record<string, string>): Promise<void> {
    assert.equal((await client.post('sign-in', fields)).status, 403);
    assert.match(client.page.text, /This form has expired or was already used\./);
    assert.ok('password' in (client.forms[0]?.fields ?? {}), 'a form to sign in with');
    assert.equal(client.cookies.has('session'), false);
  }

  /** The newest code that a practice user received. */
  codeFor(user: string): string {
    return [...this.nodeRed.log.matchAll(new RegExp(`the code for ${user} is (\\d+)`, 'g'))].at(-1)?.[1] ?? '';
  }

  /** How many codes were sent. */
  get deliveries(): number {
    return this.nodeRed.log.split('the code for').length - 1;
  }

  async peek(): Promise<{ signIns: Record<string, SignIn>; practice: string }> {
    const reply = await fetch(`${this.nodeRed.url}peek`);
    return (await reply.json()) as { signIns: Record<string, SignIn>; practice: string };
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { type ApiMood, CANARIES, CanaryServer } from '../support/canary-server.ts';
import { answersHttp, EXAMPLE_FILES, type ExampleNode, readExample } from '../support/examples.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { closedPort } from '../support/servers.ts';
import { WebClient } from '../support/web-client.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** States of the API behind an example: how it answers a call, or an address without an API. */
const CONDITIONS: Record<string, { api: ApiMood } | { address: () => string | Promise<string> }> = {
  'is up': { api: 200 },
  'answers 401': { api: 401 },
  'answers 500': { api: 500 },
  'resets the connection': { api: 'reset' },
  'is slow': { api: 'slow' },
  'is down': { address: async () => `http://127.0.0.1:${await closedPort()}` },
  'has a name that DNS does not know': { address: () => 'http://no-such-host.invalid' },
};

/** The steps of a person for each example that answers HTTP. They open every address that the example has. */
const WALKS: Record<string, (person: WebClient, user: string) => Promise<void>> = {
  '07 - Sign a person in from a web form.json': async (person, user) => {
    await person.open('sign-in');
    await person.submit({ user, password: CANARIES.personPassword });
    await person.submit({ code: CANARIES.code });
    await person.open('my-orders');
    await person.post('sign-out', {});
    await person.open('my-orders');
  },
  '11 - Ask for the code in a chat.json': async (person) => {
    await person.open('chat');
  },
};

/** The secrets in every form in which they could be in a response. */
const SECRETS = Object.values(CANARIES).flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]);

describe(`the examples, imported into ${version}`, function () {
  this.timeout(60_000);
  const server = new CanaryServer();
  let userDir: string;
  let nodeRed: NodeRed;
  const shown: string[] = [];
  let walks = 0;

  before(async () => {
    await server.start();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-example-responses-'));
    linkProject(userDir);
    const settings = { httpRequestTimeout: 200 };
    nodeRed = await NodeRed.start({ version, userDir, settings });
    await nodeRed.onPacket((packet) => shown.push(JSON.stringify(packet)));
  });

  after(async () => {
    await nodeRed?.stop();
    await server.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are all covered if they answer HTTP', () => {
    const answering = EXAMPLE_FILES.filter((file) => answersHttp(readExample(file)));
    assert.deepEqual(Object.keys(WALKS), answering);
  });

  for (const [condition, how] of Object.entries(CONDITIONS)) {
    describe(`while the API ${condition}`, () => {
      for (const file of EXAMPLE_FILES) {
        it(`no response has a token: ${file.replace('.json', '')}`, async () => {
          const address = 'address' in how ? await how.address() : server.origin;
          if ('api' in how) server.api = how.api;
          server.apiCalls.length = 0;
          // The MQTT nodes of Node-RED 5 end the process if a deploy replaces them while they connect.
          const nodes = againstCanaries(file, address).filter(({ type }) => !type.startsWith('mqtt'));
          await nodeRed.deploy(nodes);
          for (const { id } of nodes.filter(({ type }) => type === 'inject')) await nodeRed.inject(id);

          walks += 1;
          const person = new RecordingClient(nodeRed.url);
          // A different user name each time, because a user gets one code in 30 s.
          await WALKS[file]?.(person, `anna-${walks}`);
          for (const { url } of nodes.filter(({ type }) => type === 'http in'))
            assert.ok(person.asked.has(String(url).slice(1)), `${url} was asked for`);
          if (file.startsWith('07') && 'api' in how)
            assert.ok(server.apiCalls.includes(`Bearer ${CANARIES.accessToken}`), 'the API was called');
          for (const response of person.seen) {
            for (const secret of SECRETS) assert.equal(response.includes(secret), false, `${secret} in ${response}`);
            assert.doesNotMatch(response, /authorization|bearer|x-echo/i);
          }
        });
      }
    });
  }

  describe('after these requests', () => {
    it('the editor and the log contain no secret', () => {
      assert.match(shown.join('\n'), /"topic":"debug"/);
      for (const [place, text] of Object.entries({ editor: shown.join('\n'), log: nodeRed.log }))
        for (const secret of SECRETS) assert.equal(text.includes(secret), false, `${secret} in the ${place}`);
    });

    it('no request was answered twice', () => assert.doesNotMatch(nodeRed.log, /headers after they are sent/));
  });

  /** An example with the server of test secrets in place of the practice server. @param address the address of the API */
  function againstCanaries(file: string, address: string): ExampleNode[] {
    const text = (each: string): string =>
      each.replaceAll('$env(\\"VG_AUTH_PRACTICE_URL\\")', `\\"${address}\\"`).replaceAll('"10000"', '"200"');
    for (const node of readExample(file, text)) assert.doesNotMatch(JSON.stringify(node.rules ?? ''), /PRACTICE_URL/);
    return readExample(file, text).map((node) => {
      if (node.type === 'vgs-account') {
        const credentials = { clientId: 'client', clientSecret: CANARIES.accountSecret };
        return { ...node, practice: false, tokenUrl: `${server.origin}/vgs`, credentials };
      }
      if (node.type !== 'vg-server') return node;
      const credentials = {
        username: 'robot',
        password: CANARIES.storedPassword,
        clientSecret: CANARIES.serverSecret,
      };
      return { ...node, practice: false, url: server.origin, applicationId: 'app', credentials };
    });
  }
});

/** Records everything that arrived over HTTP. */
class RecordingClient extends WebClient {
  readonly asked = new Set<string>();
  readonly seen: string[] = [];

  protected override async load(path: string, init: RequestInit): ReturnType<WebClient['open']> {
    const page = await super.load(path, init);
    this.asked.add(path);
    for (const { headers, text } of page.responses) this.seen.push(JSON.stringify([...headers, text]));
    return page;
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import type { PracticeMode } from '../../src/practice/mode.ts';
import { type ApiMood, CanaryServer } from '../support/canary-server.ts';
import type { ExampleNode } from '../support/examples.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';
import { RunningExample } from '../support/running-example.ts';
import { closedPort, closeServers, inTurn, serve } from '../support/servers.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

describe(`the examples while something fails, imported into ${version}`, () => {
  const server = new CanaryServer();
  let userDir: string;
  let nodeRed: NodeRed;
  /** Where the log of this test begins. */
  let logged = 0;
  let shown: { name: string; msg: string }[] = [];

  before(async () => {
    await server.start();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-recipes-faults-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    await nodeRed.onDebug(({ name = '', msg }) => shown.push({ name, msg }));
  });

  beforeEach(() => {
    shown = [];
    server.apiCalls.length = 0;
  });

  afterEach(closeServers);

  after(async () => {
    await nodeRed?.stop();
    await server.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** Everything that a debug node has shown in this test. */
  const shownBy = (debug: string): string[] => shown.filter(({ name }) => name === debug).map(({ msg }) => msg);

  /** Clicks an inject node. @returns what the debug node shows afterwards, when `shown` has it, too, and all before it */
  const debug = async (flow: RunningExample, name: string, inject: string): Promise<string> => {
    const msg = await flow.debug(name, inject);
    await until(() => shownBy(name).includes(msg));
    return msg;
  };

  /** Another API in place of the practice API. */
  const calls = (node: ExampleNode, url: string): void => {
    for (const each of (node.props ?? []) as { v?: string; vt?: string }[])
      if (/PRACTICE_URL.*\/api\//.test(each.v ?? '')) Object.assign(each, { v: url, vt: 'str' });
  };

  describe('00 - Your first flow', () => {
    it('shows why there is no token', async () => {
      await RunningExample.deploy(nodeRed, '10 - Run a nightly job with a service user');
      await until(() => practiceAddress() !== undefined);
      await switchTo('refuse');
      const flow = await RunningExample.deploy(nodeRed, '00 - Your first flow');
      assert.equal(JSON.parse(await debug(flow, 'Sign-in needed', '')).reason, 'client-invalid');
      await switchTo('normal');
    });
  });

  describe('10 - Run a nightly job with a service user', () => {
    const NIGHTLY = '10 - Run a nightly job with a service user';
    const tried = { id: 'tried', type: 'debug', name: 'Tried again', complete: 'tries', targetType: 'msg' };

    /** Without the ten minutes, and with a debug node that shows each repetition. */
    const deploy = (user: string, url?: string): Promise<RunningExample> =>
      RunningExample.deploy(
        nodeRed,
        NIGHTLY,
        (node) => {
          if (node.type === 'vg-server') node.credentials = { username: user, password: 'practice' };
          if (node.type === 'delay')
            Object.assign(node, {
              timeout: '0',
              timeoutUnits: 'seconds',
              wires: [[...(node.wires?.[0] ?? []), 'tried']],
            });
          if (url) calls(node, url);
        },
        [{ ...tried, active: true, tosidebar: true }],
      );

    it('tries again three times if the identity server is down, and then gives up', async () => {
      const job = await deploy('gateway');
      const failure = JSON.parse(await debug(job, 'The job has failed', 'Nightly at 02:00'));
      assert.equal(failure.code, 'AUTH_UNAVAILABLE');
      assert.deepEqual(shownBy('Tried again'), ['1', '2', '3']);
    });

    it('tries again three times if the API cannot be reached', async () => {
      const job = await deploy('practice', `http://127.0.0.1:${await closedPort()}/`);
      const failure = JSON.parse(await debug(job, 'The job has failed', 'Nightly at 02:00'));
      assert.match(failure.message, /ECONNREFUSED/);
      assert.deepEqual(shownBy('Tried again'), ['1', '2', '3']);
    });

    it('tries again three times if the API responds with 500, each time with the token', async () => {
      server.api = 500;
      const job = await deploy('practice', `${server.origin}/api/`);
      assert.deepEqual(JSON.parse(await debug(job, 'The job has failed', 'Nightly at 02:00')), {
        code: 500,
        message: { signed_in_as: 'practice' },
      });
      assert.equal(server.apiCalls.length, 4);
      for (const authorization of server.apiCalls) assert.match(authorization, /^Bearer ./);
    });

    it('does the job when the API is back', async () => {
      const api = await serve(inTurn({ status: 500 }, { status: 500 }, { body: {} }));
      const job = await deploy('practice', `${api.origin}/api/`);
      await debug(job, 'Job done', 'Nightly at 02:00');
      assert.equal(api.requests.length, 3);
      assert.deepEqual(shownBy('The job has failed'), []);
    });

    it('calls nobody if a person is needed', async () => {
      const job = await deploy('sms');
      const before = nodeRed.log.length;
      const needed = JSON.parse(await debug(job, 'A person is needed', 'Nightly at 02:00'));
      assert.equal(needed.state, 'mfa-required');
      assert.doesNotMatch(nodeRed.log.slice(before), /the code for/);
    });

    it('does not try again after a status that says that the request is wrong', async () => {
      server.api = 403;
      const job = await deploy('practice', `${server.origin}/api/`);
      await debug(job, 'API refused', 'Nightly at 02:00');
      assert.equal(server.apiCalls.length, 1);
    });
  });

  describe('12 - Choose the tenant by the message', () => {
    it('says that the call failed, not that there is no such tenant, if the API cannot be reached', async () => {
      const url = `http://127.0.0.1:${await closedPort()}/`;
      const call = await RunningExample.deploy(nodeRed, '12 - Choose the tenant by the message', (node) =>
        calls(node, url),
      );
      assert.match(await debug(call, 'Failed', 'For Acme'), /ECONNREFUSED/);
      assert.deepEqual(shownBy('Refused'), []);
    });
  });

  for (const { file, id, isDone } of [
    {
      file: '13 - Sign in to a WebSocket',
      id: '93b0bff1cd11d0e1',
      isDone: () => shownBy('The server said').length > 0,
    },
    { file: '14 - Sign in to an MQTT broker', id: '08bc3e43ba054010', isDone: () => isConnected() },
  ]) {
    describe(file, () => {
      beforeEach('no token is kept from an earlier test, and the practice server runs', async () => {
        await RunningExample.deploy(nodeRed, '10 - Run a nightly job with a service user');
        await until(() => practiceAddress() !== undefined);
        logged = nodeRed.log.length;
      });
      afterEach(() => switchTo('normal'));

      const deploy = (): Promise<RunningExample> =>
        RunningExample.deploy(nodeRed, file, (node) => {
          if (node.type === 'trigger') node.duration = '1';
        });

      it('continues by itself if the identity server was down at the start', async () => {
        await switchTo('outage');
        await deploy();
        await until(() => nodeRed.log.includes('No token is available', logged));
        await switchTo('normal');
        await until(isDone);
      });

      it('continues by itself if the sign-in was refused at the start', async () => {
        await switchTo('refuse');
        await deploy();
        await until(() => shownBy('Refused').length > 0);
        await switchTo('normal');
        // The refusal is remembered for a while. An operator who has ended it does not wait for that.
        await nodeRed.admin(`vg-auth/accounts/${id}/renew`, {});
        await until(isDone);
      });
    });
  }

  const isConnected = (): boolean => nodeRed.log.includes('Connected to broker', logged);
  const practiceAddress = (): string | undefined => /practice server is at (http:\S+)/.exec(nodeRed.log)?.[1];

  async function switchTo(mode: PracticeMode): Promise<void> {
    const { status } = await fetch(`${practiceAddress()}/practice/mode/${mode}`, { method: 'POST' });
    assert.equal(status, 200);
  }

  describe('15 - Tell somebody when a sign-in needs a person', () => {
    const TELL = '15 - Tell somebody when a sign-in needs a person';

    /** With a stored user who needs no second factor, and with the API of the test. */
    const deploy = (user = 'plain', origin = server.origin): Promise<RunningExample> =>
      RunningExample.deploy(nodeRed, TELL, (node) => {
        if (node.type === 'vg-server') node.credentials = { username: user, password: 'practice' };
        calls(node, `${origin}/api/`);
      });

    for (const status of [500, 403] as ApiMood[]) {
      it(`reports that the API responds with ${status}, and does not say that the job is done`, async () => {
        server.api = status;
        const job = await deploy();
        assert.equal(
          await debug(job, 'Tell somebody', 'Nightly at 02:00'),
          `The job is not done: the API responded with status ${status}.`,
        );
        assert.deepEqual(shownBy('Job done'), []);
        assert.equal(server.apiCalls.length, 1);
      });
    }

    it('retries with a new token after a 401', async () => {
      const api = await serve(inTurn({ status: 401 }, { body: {} }));
      const job = await deploy('plain', api.origin);
      await debug(job, 'Job done', 'Nightly at 02:00');
      const [first, second, ...others] = api.requests.map(({ headers }) => headers.authorization);
      assert.notEqual(first, second);
      assert.deepEqual(others, []);
      assert.deepEqual(shownBy('Tell somebody'), []);
    });

    it('notifies somebody if the API rejects the new token too', async () => {
      server.api = 401;
      // A token is renewed in this way once in 30 s, so this is another user.
      const job = await deploy('practice');
      assert.match(await debug(job, 'Tell somebody', 'Nightly at 02:00'), /waits for a new sign-in: the API rejects/);
      assert.equal(server.apiCalls.length, 2);
      assert.deepEqual(shownBy('Job done'), []);
    });
  });
});

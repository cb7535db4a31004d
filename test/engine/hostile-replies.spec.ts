import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { HttpTransport } from '../../src/http/transport.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { assertOutcome, hostileReply } from '../support/hostile-replies.ts';
import type { ScriptedReply } from '../support/scripted-transport.ts';
import { closeServers, serve } from '../support/servers.ts';
import { challenge, LINK, SMS, signedIn } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

describe('a hostile reply of any shape', () => {
  const run = (check: (answer: ScriptedReply, user: string) => Promise<void>): Promise<void> | void => {
    let runs = 0;
    return fc.assert(
      fc.asyncProperty(hostileReply, (answer) => check(answer, `user-${++runs}`)),
      { seed: 20260102, numRuns: 300, endOnFailure: true },
    );
  };

  it('to a sign-in gives an outcome or a fault', () => {
    const { server, transport } = stage();
    return run((answer, user) => {
      transport.next(answer);
      return assertOutcome(server.signIn({ ...ANNA, user }, ASK));
    });
  });

  for (const step of ['a choice', 'a code', 'a link'] as const) {
    it(`to ${step} gives an outcome or a fault`, () => {
      const scene = stage();
      return run(async (answer, user) => {
        scene.transport.next(challenge([step === 'a link' ? LINK : SMS]), answer);
        const open = await challengeOf(scene, { ...ANNA, user });
        if (step === 'a code') return assertOutcome(open.submit('1'));
        if (step === 'a choice') return assertOutcome(open.choose('first'));
        const outcome = await open.choose('first');
        assert.ok('link' in outcome && outcome.link);
        return assertOutcome(outcome.link.later);
      });
    });
  }

  it('to a refresh gives a token, a refusal or a fault', () => {
    const { server, transport } = stage();
    return run(async (answer, user) => {
      transport.next(signedIn('a', { life: 0 }), answer);
      const { session } = isSignedIn(await server.signIn({ ...ANNA, user }, ASK));
      const { token, refused, failed } = await session.ask();
      assert.ok(token ?? refused ?? failed);
      assert.notEqual(failed?.fault, 'unexpected');
      session.end();
    });
  });

  it('without a token is never a sign-in', () => {
    const { server, transport } = stage();
    return run(async (answer, user) => {
      const { access_token: _, ...body } = answer.body ?? {};
      transport.next({ ...answer, body });
      const outcome = await server.signIn({ ...ANNA, user }, ASK).catch(() => undefined);
      assert.notEqual(outcome?.state, 'signed-in');
    });
  });
});

describe('hostile bytes over a real socket', () => {
  afterEach(closeServers);

  it('give a reply or a fault', async () => {
    const server = await serve((_, response) => {
      const text = JSON.stringify({ error: 'x', VGResponse: { a: 'ü€' } });
      const bodies = [
        randomBytes(300),
        Buffer.from(text, 'utf16le'),
        Buffer.from(text, 'latin1'),
        Buffer.from([0xff, 0xfe]),
        Buffer.alloc(1000),
      ];
      response.writeHead(200, {
        'content-type': ['application/json', '', 'x'.repeat(5000), 'text/html;charset=\u00ff'][
          server.requests.length % 4
        ],
      });
      response.end(bodies[server.requests.length % bodies.length]);
      return undefined;
    });
    const transport = new HttpTransport(new URL(server.origin), {}, new FakeSystem());
    for (let exchange = 0; exchange < 40; exchange += 1) {
      const { status, contentType } = await transport.send({ url: server.origin, form: {} });
      assert.equal(status, 200);
      assert.ok(contentType.length < 70);
    }
    assert.equal(server.requests.length, 40);
  });
});

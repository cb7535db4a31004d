import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';
import sinon, { type SinonFakeTimers } from 'sinon';
import type { ConnectionNode } from '../../nodes/shared/config/connection-node.ts';
import { addDeployed } from '../../nodes/shared/config/deployed.ts';
import { revisionOf } from '../../nodes/shared/sign-ins/revision.ts';
import { AuthError } from '../../src/core/errors.ts';

/** Longer than the pause between two publications, in ms. */
const LATER = 10_000;

describe('the revisions that a deploy publishes to the editors', () => {
  let time: SinonFakeTimers;
  let events: EventEmitter;
  let topics: string[];

  beforeEach(() => {
    time = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    events = new EventEmitter();
    topics = [];
    const comms = { publish: (topic: string) => topics.push(topic) };
    const RED = { events, comms, settings: {} } as unknown as NodeAPI;
    revisionOf(RED);
    open = () => addDeployed(RED, incomplete(nodes));
  });

  afterEach(() => time.restore());

  /** Closes the nodes. */
  let nodes = new EventEmitter();
  /** Deploys an incomplete config node, which needs a person. */
  let open = (): void => undefined;

  function incomplete(emitter: EventEmitter): ConnectionNode<unknown> {
    const problem = new AuthError('property-missing', { property: 'clientId' });
    return Object.assign(emitter, {
      id: 'account',
      type: 'vgs-account',
      problem,
    }) as unknown as ConnectionNode<unknown>;
  }

  function stop(): void {
    events.emit('flows:stopping');
    nodes.emit('close');
    nodes = new EventEmitter();
    events.emit('flows:stopped');
  }

  const deployed = (): void => void events.emit('runtime-event', { id: 'runtime-deploy', payload: {} });
  const stopped = (payload: object): void => void events.emit('runtime-event', { id: 'runtime-state', payload });

  /** The first deploy, after which one thing needs a person. */
  function begin(): void {
    events.emit('flows:starting');
    open();
    events.emit('flows:started');
    time.tick(LATER);
    assert.deepEqual(topics.splice(0), ['vg-auth/need']);
  }

  it('are none if the deploy changes nothing, even if a long time passes between stop and start: the badge stays', () => {
    begin();
    stop();
    stopped({ state: 'stop', deploy: true });
    time.tick(LATER);
    events.emit('flows:starting');
    time.tick(LATER);
    open();
    events.emit('flows:started');
    deployed();
    time.tick(LATER);
    assert.deepEqual(topics, []);
  });

  for (const [name, end] of [
    ['is a deploy that starts nothing', deployed],
    ['lacks a type', () => stopped({ state: 'stop', error: 'missing-types' })],
    ['is no deploy', () => stopped({ state: 'stop', deploy: undefined })],
  ] as const) {
    it(`remove the badge if the stop ${name}`, () => {
      begin();
      stop();
      end();
      time.tick(LATER);
      assert.deepEqual(topics, ['vg-auth/need']);
    });
  }
});

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';
import { actingAs, eventLogOf, type LoggedEvent, sendsLinkTo } from '../../nodes/shared/sign-ins/event-log.ts';

describe('the list of events', () => {
  const account = { id: 'server', name: 'The server' };
  const logOf = () => eventLogOf({ events: new EventEmitter(), settings: {} } as unknown as NodeAPI);
  const numbers = (events: LoggedEvent[]): number[] => events.map(({ n }) => n);

  it('has those after a number, and all of them for a number of an earlier process', () => {
    const log = logOf();
    for (const event of ['vg-auth.sign-in', 'vg-auth.refused', 'vg-auth.sign-out']) log.add({ event, account });
    assert.deepEqual(numbers(log.after(0)), [1, 2, 3]);
    assert.deepEqual(numbers(log.after(2)), [3]);
    assert.deepEqual(numbers(log.after(3)), []);
    assert.deepEqual(numbers(log.after(57)), [1, 2, 3]);
  });

  it('names the user of the editor for the link that the action sends, and not for one that a message sends afterwards', async () => {
    const log = logOf();
    const link = (user: string): void => log.add({ event: 'vg-auth.link-sent', account, user });
    let later = Promise.resolve();
    await actingAs('admin', async () => {
      sendsLinkTo('robot');
      link('robot');
      // What the action began goes on: the request of the link, and messages that it has released.
      later = new Promise(setImmediate).then(() => {
        link('robot');
        link('somebody else');
      });
    });
    await later;
    assert.deepEqual(
      log.after(0).map(({ user, by }) => [user, by]),
      [
        ['robot', 'admin'],
        ['robot', 'admin'],
        ['somebody else', undefined],
      ],
    );
  });
});

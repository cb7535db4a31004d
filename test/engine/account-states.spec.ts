import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { AccountStates } from '../../src/oauth/account-state.ts';
import { createToken } from '../../src/oauth/token.ts';
import { FakeSystem, START } from '../support/fake-system.ts';

const DOWN = new AuthError('connection-refused', { host: 'auth.example.org' });

/** The states of an account, with everything that is reported about them. */
function watched() {
  const system = new FakeSystem();
  const states = new AccountStates(system);
  const told: string[] = [];
  states.news.add((news) => told.push(news.event === 'trouble' ? news.trouble.at : news.event));
  states.changes.add(({ at }) => told.push(`(${at})`));
  const valid = (): void => {
    const token = { accessToken: 'a', sentAt: system.now(), lifetime: 300_000, scope: [], missingScope: [] };
    states.become({ at: 'valid', token: createToken(token, system) });
  };
  return { system, states, told, valid };
}

describe('the state of an account', () => {
  it('stays in trouble while a renewal is under way: nothing is reported twice, and an alert does not flap', async () => {
    const { system, states, told } = watched();
    states.become({ at: 'failing', error: DOWN });
    await system.pass(1_000);
    states.become({ at: 'renewing' });
    assert.equal(states.state.at, 'failing');
    assert.equal(states.since, START);
    states.become({ at: 'failing', error: DOWN });
    states.become({ at: 'renewing' });
    states.become({ at: 'refused', reason: 'client-invalid' });
    states.become({ at: 'renewing' });
    states.become({ at: 'refused', reason: 'held-back' });
    assert.deepEqual(told, ['failing', '(failing)', 'refused', '(refused)']);
    assert.equal(states.since, START + 1_000);
  });

  it('recovers when there is a token, and renews it without a report', () => {
    const { states, told, valid } = watched();
    states.become({ at: 'renewing' });
    states.become({ at: 'failing', error: DOWN });
    states.become({ at: 'renewing' });
    valid();
    states.become({ at: 'renewing' });
    assert.deepEqual(told, ['(renewing)', 'failing', '(failing)', 'recovered', '(valid)', '(renewing)']);
    assert.equal(states.trouble, undefined);
  });

  it('is no trouble if the config node was removed while a message was waiting', () => {
    const { states, told } = watched();
    states.become({ at: 'failing', error: new AuthError('connection-closed', { host: 'auth.example.org' }) });
    assert.deepEqual(told, []);
    assert.equal(states.state.at, 'unused');
  });
});

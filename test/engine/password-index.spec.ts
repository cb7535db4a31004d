import assert from 'node:assert/strict';
import { PasswordIndex } from '../../src/visual-guard/sign-in/password-index.ts';

describe('the records of refused passwords, by user', () => {
  it('are found by the name of the user, and only once', () => {
    const index = new PasswordIndex<object>(10);
    const [first, second, other] = [{}, {}, {}];
    index.add('anna', 'a1', first);
    index.add('anna', 'a2', second);
    index.add('bert', 'b1', other);
    assert.deepEqual(
      [...index.take('anna')],
      [
        ['a1', first],
        ['a2', second],
      ],
    );
    assert.equal(index.take('anna').size, 0);
    assert.deepEqual([...index.take('bert').keys()], ['b1']);
  });

  it('are limited over all users: invented names remove the oldest records', () => {
    const index = new PasswordIndex<object>(1_000);
    for (let user = 0; user < 100; user += 1)
      for (let password = 0; password < 100; password += 1) index.add(`user ${user}`, `${user} ${password}`, {});
    assert.equal(index.size, 1_000);
    assert.equal(index.take('user 0').size, 0);
    assert.equal(index.take('user 99').size, 100);
  });

  it('are limited to a hundred of one user', () => {
    const index = new PasswordIndex<object>(1_000);
    for (let password = 0; password < 150; password += 1) index.add('anna', `a${password}`, {});
    index.add('anna', 'a50', {});
    assert.equal(index.size, 100);
    assert.deepEqual([...index.take('anna').keys()].slice(-2), ['a149', 'a50']);
  });
});

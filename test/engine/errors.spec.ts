import assert from 'node:assert/strict';
import { AuthError } from '../../src/core/errors.ts';
import { FAULTS, type Fault } from '../../src/core/faults.ts';

describe('an error for a Catch node', () => {
  it('does not compile without a value that its message needs', () => {
    // @ts-expect-error the message names a property
    const one = new AuthError('property-missing');
    // @ts-expect-error the message names a host and a cause
    const two = new AuthError('network-failed', { host: 'auth.example.com' });
    assert.match(one.message, /\{property\}/);
    assert.match(two.message, /\{cause\}/);
  });

  it('has its values in its message, and its status', () => {
    const error = new AuthError('unavailable', { host: 'auth.example.com', status: 503 });
    assert.equal(error.message, 'auth.example.com is unavailable (status 503). Try again later.');
    assert.equal(error.status, 503);
  });

  it('stays the same error when it gets the time of another try', () => {
    for (const fault of Object.keys(FAULTS) as Fault[]) {
      const values = {
        host: 'h',
        property: 'p',
        variable: 'v',
        file: 'NAME_FILE',
        name: 'n',
        cause: 'c',
        status: 500,
        contentType: 't',
        seconds: 1,
        least: 1,
        longest: 9,
        words: 'w',
      };
      const error = new AuthError(fault, values);
      const later = error.withRetryAt(1_000);
      assert.deepEqual(
        [later.fault, later.code, later.message, later.retryAt],
        [fault, error.code, error.message, 1_000],
      );
    }
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { AuthError } from '../../src/core/errors.ts';
import type { Topology } from '../../src/store/redis-address.ts';
import { causeOf } from '../../src/store/redis-faults.ts';

const english = JSON.parse(readFileSync(join(PROJECT, 'nodes/locales/en-US/vg-auth.json'), 'utf8'));

/** Error messages of servers of several versions, and of ioredis. */
const TEXTS: readonly (readonly [string, string, Topology?])[] = [
  ['LOADING Redis is loading the dataset in memory', 'LOADING'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'MASTERDOWN'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
  ['MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.', 'MISCONF'],
  ["READONLY You can't write against a read only replica.", 'READONLY'],
  ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS'],
  ['BUSY Redis is busy running a script.', 'BUSY'],
  ['DENIED Redis is running in protected mode', 'DENIED'],
  ['NOAUTH Authentication required.', 'NOAUTH'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'WRONGPASS'],
  ['ERR max number of clients reached', 'maxclients'],
  ['ERR DB index is out of range', 'database'],
  ["NOPERM this user has no permissions to run the 'subscribe' command", 'NOPERM SUBSCRIBE'],
  ["NOPERM User vg-auth has no permissions to run the 'cluster|slots' command", 'NOPERM CLUSTER|SLOTS'],
  ["ERR ACL failure in script: User x has no permissions to run the 'del' command", 'NOPERM DEL'],
  ["The user executing the script can't run this command or subcommand script: 3f, on @user_script:4.", 'NOPERM'],
  ["The user executing the script can't access at least one of the keys mentioned in the command", 'NOPERM key'],
  ["The user executing the script can't publish to the channel mentioned in the command", 'NOPERM channel'],
  ["NOPERM No permissions to access the 'vg-auth:check' key", 'NOPERM key'],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', 'NOPERM key'],
  ['NOPERM this user has no permissions to access one of the channels used as arguments', 'NOPERM channel'],
  ['MOVED 1234 10.0.0.1:6379', 'cluster'],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'cluster'],
  ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 10.0.0.1:6379', 'CLUSTERDOWN', 'cluster'],
  ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN', 'cluster'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'TRYAGAIN', 'cluster'],
  ['ERR This instance has cluster support disabled', 'not-cluster', 'cluster'],
  ["ERR unknown command 'eval', with args beginning with: 'x'", 'scripts'],
  ['connected to sentinel 10.0.0.1:26379 successfully, but got an invalid reply: null', 'primary-unknown', 'sentinel'],
  [
    'failed to connect to sentinel 10.0.0.1:26379 because ERR No such master with that name',
    'primary-unknown',
    'sentinel',
  ],
  ['failed to connect to sentinel 10.0.0.1:26379 because WRONGPASS invalid', 'sentinel-password', 'sentinel'],
  ['failed to connect to sentinel 10.0.0.1:26379 because NOAUTH needed', 'sentinel-password', 'sentinel'],
  ["failed to connect to sentinel 10.0.0.1:6379 because ERR unknown command 'sentinel'", 'not-sentinel', 'sentinel'],
  ['Command timed out', 'timeout'],
  ["Socket timeout. Expecting data, but didn't receive any in 2000ms.", 'timeout'],
  ['Connection is closed.', 'ECONNRESET'],
];

describe('the cause for which a Redis cannot be used', () => {
  for (const [text, cause, topology] of TEXTS) {
    it(`${text.slice(0, 70)}: ${cause}`, () => {
      assert.equal(causeOf(new Error(text), topology), cause);
      const [word = '', detail] = cause.split(' ');
      const key = detail === undefined ? word : `${word}-${detail === detail.toUpperCase() ? 'command' : detail}`;
      assert.equal(typeof english.causes[key], 'string', `there is no sentence for ${cause}`);
    });
  }

  it('is the code of an error of Node.js, and the cause of an error of the store', () => {
    assert.equal(causeOf(Object.assign(new Error('x'), { code: 'EHOSTUNREACH' })), 'EHOSTUNREACH');
    assert.equal(causeOf(Object.assign(new Error('x'), { code: 'ETIMEDOUT' })), 'timeout');
    assert.equal(causeOf(new AuthError('store-gone', { host: 'h', cause: 'OOM' })), 'OOM');
  });

  it('never contains a word that a server chose', () => {
    for (const text of ['SECRET', "NOPERM no permissions to run the 'SECRET <b>' command", 'ERR SECRET moved'])
      assert.doesNotMatch(causeOf(new Error(text)), /SECRET|</);
    for (const thrown of [undefined, null, 'SECRET', 1, {}, { code: 'secret' }, { message: 1 }])
      assert.match(causeOf(thrown), /^(error|ECONNRESET)$/);
  });
});

import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { SCRIPTS } from '../../src/store/redis-scripts.ts';
import { codeOf, readPage, sectionOf } from '../support/pages.ts';

const page = readPage('docs/operation.md');

describe('docs/operation.md', () => {
  it('has a settings.js with the limits that loads', () => {
    const [code = ''] = codeOf(sectionOf(page, '## Limits in memory'), 'js');
    const module = { exports: {} as Record<string, unknown> };
    runInNewContext(code, { module });
    assert.equal(module.exports.vgAuthMaxSessions, 50000);
    assert.equal(module.exports.vgAuthMaxWrongCodes, 10);
  });

  it('lists the commands that a Redis user needs: those of the scripts, and those of the connection', () => {
    const lua = Object.values(SCRIPTS).map((script) => script.lua);
    const called = lua.flatMap((text) =>
      [...text.matchAll(/redis\.call\('(\w+)'/g)].map(([, command = '']) => command),
    );
    const wanted = new Set([
      ...called.map((command) => command.toLowerCase()),
      'auth',
      'ping',
      'select',
      'eval',
      'evalsha',
      'subscribe',
      // In a cluster.
      'cluster|slots',
      'asking',
    ]);
    const rule = /^ACL SETUSER .*$/m.exec(page)?.[0] ?? '';
    assert.match(rule, / ~vg-auth:\* &vg-auth:\* -@all /);
    const listed = [...rule.matchAll(/\+([\w|]+)/g)].map(([, command]) => command);
    assert.deepEqual(listed.sort(), [...wanted].sort());
  });
});

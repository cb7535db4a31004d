import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { PROJECT } from '../../scripts/node-red.ts';
import { systemClock } from '../../src/core/clock.ts';
import { FAULTS } from '../../src/core/errors.ts';
import { OWN_REASONS, VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { createToken, toMessageToken } from '../../src/oauth/token.ts';
import { PRACTICE_ACCOUNTS, PRACTICE_PEOPLE } from '../../src/practice/people.ts';
import * as redisScripts from '../../src/store/redis-scripts.ts';

const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));

/** The code blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? '');
}

/** The rows of the table that follows a line which begins with this, without its head. */
function table(head: string): string[][] {
  const lines = readme.slice(readme.indexOf(`\n${head}`) + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The name that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

describe('the README', () => {
  it('has code blocks of known languages only', () => {
    const languages = new Set([...readme.matchAll(/^```(\w+)$/gm)].map(([, language]) => language));
    assert.deepEqual([...languages].sort(), ['js', 'json', 'sh', 'text', 'ts']);
  });

  it('names commands that there are', () => {
    const commands = [...blocks('sh').join('').split('\n').filter(Boolean), ...readme.matchAll(/`(npm [^`]+)`/g)].map(
      (found) => (typeof found === 'string' ? found : (found[1] ?? '')),
    );
    assert.ok(commands.length > 5);
    for (const command of commands) {
      const script = /^npm (?:run )?([\w:]+)/.exec(command)?.[1] ?? '';
      const isKnown = script in manifest.scripts || command === 'npm ci' || command === `npm install ${manifest.name}`;
      assert.ok(isKnown, command);
    }
  });

  it('shows msg.token as it is', () => {
    const shown = JSON.parse(blocks('json')[0] ?? '');
    const token = createToken(
      {
        accessToken: 'x',
        sentAt: systemClock.now(),
        lifetime: 1000,
        scope: ['cards:write', 'network-tokens:write'],
        missingScope: [],
      },
      systemClock,
    );
    const real = JSON.parse(JSON.stringify(toMessageToken(token)));
    assert.deepEqual({ ...shown, expires_at: 0 }, { ...real, expires_at: 0 });
    assert.equal(typeof shown.expires_at, 'number');
  });

  it('shows a msg.auth with properties of its own table', () => {
    const shown = JSON.parse(blocks('json')[1] ?? '');
    const properties = table('| property | what |').map(([property]) => property?.replaceAll('`', ''));
    for (const property of Object.keys(shown)) assert.ok(properties.includes(property), property);
    assert.deepEqual(Object.keys(shown.challenge), ['id', 'expires_at', 'attempts', 'methods']);
  });

  it('has a settings.js that loads', () => {
    for (const code of blocks('js')) {
      const module = { exports: {} as Record<string, unknown> };
      runInNewContext(code, { module });
      assert.equal(module.exports.vgAuthMaxSessions, 50000);
    }
    assert.equal(blocks('js').length, 1);
  });

  it('lists every reason in its order, and every error code', () => {
    const reasons = readme.slice(readme.indexOf('### Reasons'), readme.indexOf('### Errors'));
    const listed = [...reasons.matchAll(/`([\w-]+)`/g)].map(([, reason]) => reason);
    assert.deepEqual(listed, [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
    const codes = table('| code | what |').map(([code]) => code?.replaceAll('`', ''));
    for (const [code] of Object.values(FAULTS)) assert.ok(codes.includes(code), code);
  });

  it('lists what a Redis user has to be allowed: what the scripts call, and what the connection does', () => {
    const lua = Object.values(redisScripts).map((script) => script.lua);
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
    ]);
    const rule = /^ACL SETUSER .*$/m.exec(readme)?.[0] ?? '';
    assert.match(rule, / ~vg-auth:\* &vg-auth:\* -@all /);
    const listed = [...rule.matchAll(/\+(\w+)/g)].map(([, command]) => command);
    assert.deepEqual(listed.sort(), [...wanted].sort());
  });

  it('lists every practice user and account', () => {
    assert.deepEqual(
      table('| user | what happens |'),
      PRACTICE_PEOPLE.map(({ user, what }) => [`\`${user}\``, what]),
    );
    assert.deepEqual(
      table('| VGS client id | what happens |'),
      PRACTICE_ACCOUNTS.map(({ clientId, what }) => [`\`${clientId}\``, what]),
    );
  });

  it('names a test for every fault', () => {
    const faults = table('| fault | what you see | test |');
    assert.ok(faults.length > 20);
    for (const [fault, , file] of faults) assert.ok(existsSync(join(PROJECT, String(file).replaceAll('`', ''))), fault);
  });

  it('links to files that there are', () => {
    const links = [...readme.matchAll(/\]\(<?([^)>]+)>?\)|src(?:set)?="([^"]+)"/g)].map(
      ([, link, picture]) => link ?? picture ?? '',
    );
    for (const link of links.filter((each) => !/^(http|#)/.test(each)))
      assert.ok(existsSync(join(PROJECT, link)), link);
    assert.ok(links.length >= 6);
  });

  it('names files of the source that there are', () => {
    const files = [...readme.matchAll(/`((?:src|nodes|scripts|test)\/[\w./-]+\.\w+)`/g)].map(([, file = '']) => file);
    assert.ok(files.length > 20);
    assert.deepEqual(
      files.filter((file) => !file.includes('NAME') && !existsSync(join(PROJECT, file))),
      [],
    );
  });

  it('shows every picture that is kept for it', () => {
    for (const picture of readdirSync(join(PROJECT, '.github/images')))
      assert.ok(readme.includes(`.github/images/${picture}`), picture);
  });

  it('has every example as a recipe of its number, in order', () => {
    const files = readdirSync(join(PROJECT, 'examples')).sort();
    const recipes = readme.slice(readme.indexOf('## Recipes'), readme.indexOf('## Messages'));
    const linked = [...recipes.matchAll(/\(<examples\/([^>]+)>\)/g)].map(([, file]) => file);
    assert.deepEqual(linked, files);
    const numbers = [...recipes.matchAll(/^### (\d+)\. /gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      files.map((file) => Number(file.slice(0, 2))),
    );
  });

  it('links to headings that it has', () => {
    const headings = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => anchorOf(text));
    const links = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = '']) => link);
    assert.ok(links.length >= 3);
    assert.deepEqual(
      links.filter((link) => !headings.includes(link)),
      [],
    );
  });

  it('names every node type', () => {
    for (const type of Object.keys(manifest['node-red'].nodes)) assert.ok(readme.includes(`\`${type}\``), type);
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { PROJECT } from '../../scripts/project.ts';

interface Validators {
  plain(text: unknown): string;
  validate(check: () => unknown): unknown;
}

function loadValidators(): Validators {
  let plugin = {} as Validators;
  const RED = {
    plugins: {
      registerPlugin: (_: string, definition: Validators) => {
        plugin = definition;
      },
      getPlugin: () => undefined,
    },
  };
  runInNewContext(readFileSync(join(PROJECT, 'resources/validators.js'), 'utf8'), { RED });
  return plugin;
}

const scripts = ['nodes', 'resources']
  .flatMap((folder) => readdirSync(join(PROJECT, folder)).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.html') || file.startsWith('resources'))
  .map((file) => ({ file, text: readFileSync(join(PROJECT, file), 'utf8') }));

describe('a validator', () => {
  const { plain, validate } = loadValidators();

  it('returns a message that is the same as text and as HTML', () => {
    assert.equal(
      validate(() => 'there is no "<img src=x onerror=alert(1)>" & &lt;i&gt;'),
      'there is no "‹img src=x onerror=alert(1)›" ＆ ＆lt;i＆gt;',
    );
  });

  it('makes invisible characters and those that change the direction of text visible', () => {
    assert.equal(plain('a\u0000b\u202ec\u200bd\u2028e\nf'), 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf');
  });

  it('keeps ordinary text', () => {
    const sentence = "L’adresse : « é » (日本語), l'espace\u00a0et “quotes”";
    assert.equal(plain(sentence), sentence);
  });

  it('returns a message of limited length', () => assert.equal(plain('x'.repeat(10_000)).length, 301));

  it('is false if the check throws, so that Node-RED adds no text of the error', () => {
    const check = () => {
      throw new Error('<img>');
    };
    assert.equal(validate(check), false);
  });

  it('is true or false for anything else', () => {
    assert.deepEqual(
      [true, false, undefined, ['<img>'], {}].map((found) => validate(() => found)),
      [true, false, false, false, false],
    );
  });

  it('wraps the validators of every node', () => {
    for (const { file, text } of scripts) {
      const [, ...each] = text.split(/\bvalidate: function \(/);
      const begin = /^_?value, _opt\) \{\s*return RED\.plugins\.getPlugin\('vg-auth-validators'\)\.validate\(/;
      for (const [index, validator] of each.entries()) assert.match(validator, begin, `${file}, the ${index}th`);
    }
  });
});

describe('a script of the editor', () => {
  // RED.notify reads a text as markup, but not an element.
  it('never passes a value as markup', () => {
    for (const { file, text } of scripts) {
      const script = text.replace(/<script type="text\/html"[\s\S]*?<\/script>/g, '');
      assert.doesNotMatch(
        script,
        /\.html\(|(?:inner|outer)HTML|insertAdjacentHTML|document\.write|RED\.notify\((?!element,)/,
        file,
      );
      assert.doesNotMatch(script, /`[^`\n]*<[a-z!/][^`\n]*\$\{/i, `${file}: a template`);
      assert.doesNotMatch(script, /(['"])<[^'\n]*\1\s*\+|\+\s*(['"])[^'"\n]*<\/?[a-z]/i, `${file}: a sum`);
    }
  });
});

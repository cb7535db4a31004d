import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { anchorsOf, linksOf, readPage, sectionOf, tableBelow } from '../support/pages.ts';

const readme = readPage('README.md');
const recipes = readPage('docs/recipes.md');
const [first = '', ...examples] = readdirSync(join(PROJECT, 'examples')).sort();

describe('the README', () => {
  it('has the first example as the first flow', () => {
    assert.ok(linksOf(sectionOf(readme, '## Your first flow')).includes(`examples/${first}`));
  });

  it('shows a flow and its result before the commands', () => {
    const top = readme.slice(0, readme.indexOf('npm ci'));
    for (const picture of ['first-flow', 'first-result'])
      assert.ok(top.includes(`images/${picture}-light.png`), picture);
  });

  it('links to each recipe in its table, in order', () => {
    const links = tableBelow(readme, '## Recipes').flatMap(([, link = '']) => linksOf(link));
    assert.deepEqual(
      links,
      anchorsOf(recipes)
        .slice(1)
        .map((anchor) => `docs/recipes.md#${anchor}`),
    );
  });
});

describe('docs/recipes.md', () => {
  it('has every example but the first as a recipe with its number, in order', () => {
    assert.deepEqual(
      linksOf(recipes).filter((link) => link.endsWith('.json')),
      examples.map((file) => `../examples/${file}`),
    );
    assert.deepEqual(
      [...recipes.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number)),
      examples.map((file) => Number(file.slice(0, 2))),
    );
  });
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { DOCS, proseOf, readPage } from '../support/pages.ts';

const FOLDER = 'nodes/locales/en-US';
/** The pages with names of fields and buttons. docs/keycloak.md has those of Keycloak. */
const GUIDES = ['README.md', ...DOCS.filter((page) => !/keycloak|security|architecture/.test(page))];
/** What is bold, and is a name of Node-RED, of another program, or an emphasis. */
const OTHERS = [
  '+',
  'Accept Client Data',
  'Access token URL',
  'Add',
  'Catch',
  'Client Data',
  'Deploy',
  'Done',
  'Examples',
  'Grant type',
  'Import',
  'Include Client Data',
  'Install',
  'Manage palette',
  'Output',
  'Show Postman Console',
  'Update',
  'Use authentication',
  'VGS',
  'View',
  'auth tokens',
  'bearer authentication',
  'breaking',
  'encryption key',
  'env variable',
  'name',
  'username',
];

/** All texts of a catalog. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

const texts = readdirSync(join(PROJECT, FOLDER))
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => textsOf(JSON.parse(readPage(`${FOLDER}/${file}`))));

/** What a page shows in bold within a sentence. Bold words at the beginning of a paragraph or list item are its title. */
function namesIn(text: string): string[] {
  const prose = proseOf(text).replace(/^(?:[-*] |\d+\. )?\*\*[^*]+[:.]\*\*|^- \*\*[^*]+\*\*:/gm, '');
  return [...prose.matchAll(/\*\*([^*\n]+)\*\*/g)].map(([, name = '']) => name);
}

describe('the names of fields and buttons in the documentation', () => {
  for (const page of GUIDES)
    it(`are those of the English catalogs: ${page}`, () => {
      const isKnown = (name: string): boolean =>
        OTHERS.includes(name) || texts.some((text) => text === name || text.startsWith(`${name}:`));
      assert.deepEqual(
        namesIn(readPage(page)).filter((name) => !isKnown(name)),
        [],
      );
    });
});

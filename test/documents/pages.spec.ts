import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Script } from 'node:vm';
import { parseAllDocuments } from 'yaml';
import { PROJECT } from '../../scripts/project.ts';
import { anchorsOf, blocksOf, codeOf, DOCS, linksOf, PAGES, proseOf, readPage } from '../support/pages.ts';

const manifest = JSON.parse(readPage('package.json'));
/** The commands of npm itself that a page may name. */
const NPM = ['ci', 'audit', 'pack', 'publish', 'version'];
/** Lines shorter than this may be in two pages. */
const LONG = 80;

/** Relative links that lead nowhere, and anchors that a page does not have. */
function brokenLinks(path: string, text: string): string[] {
  return linksOf(text)
    .filter((link) => !/^(https?:|mailto:)/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), decodeURI(file)));
      if (!existsSync(join(PROJECT, target))) return true;
      return anchor !== undefined && !anchorsOf(target === path ? text : readPage(target)).includes(anchor);
    });
}

describe('the README', () => {
  const readme = readPage('README.md');

  it('has at most 200 lines', () => assert.ok(readme.split('\n').length <= 200));

  it('links to each page of the documentation', () => {
    const links = linksOf(readme);
    assert.deepEqual(
      DOCS.filter((page) => !links.includes(page)),
      [],
    );
  });
});

describe('the pages of the documentation', () => {
  it('begin with a title, and name their readers', () => {
    for (const page of DOCS) assert.match(readPage(page), /^# .+\n\nFor [^\n]+\./, page);
  });

  it('show each picture', () => {
    const shown = new Set(PAGES.flatMap((page) => linksOf(readPage(page))).map((link) => link.replace('../', '')));
    const pictures = readdirSync(join(PROJECT, '.github/images')).map((file) => `.github/images/${file}`);
    assert.deepEqual(
      pictures.filter((picture) => !shown.has(picture)),
      [],
    );
  });

  it('do not repeat each other', () => {
    const pages = new Map<string, string>();
    const repeated: string[] = [];
    for (const page of ['README.md', ...DOCS])
      for (const line of new Set(proseOf(readPage(page)).split('\n'))) {
        if (line.length < LONG || line.startsWith('<picture>')) continue;
        const earlier = pages.get(line);
        if (earlier) repeated.push(`${earlier} and ${page}: ${line}`);
        pages.set(line, page);
      }
    assert.deepEqual(repeated, []);
  });

  it('are checked for broken links, wrong anchors included', () => {
    const text =
      '# A title\n[1](faults.md) [2](none.md) [3](#a-title) [4](#none) [5](nodes.md#msgtoken) [6](nodes.md#none)';
    assert.deepEqual(brokenLinks('docs/practice.md', text), ['none.md', '#none', 'nodes.md#none']);
  });
});

for (const page of PAGES) {
  const text = readPage(page);

  describe(page, () => {
    it('links only to files and headings that exist', () => assert.deepEqual(brokenLinks(page, text), []));

    it('has code blocks of known languages only', () => {
      const known = ['js', 'json', 'layers', 'sh', 'text', 'ts', 'yaml'];
      assert.deepEqual(
        blocksOf(text).filter(({ language }) => !known.includes(language)),
        [],
      );
      assert.equal(proseOf(text).includes('```'), false, 'a code block begins or ends within a line');
    });

    it('has JSON, YAML and scripts that can be read', () => {
      for (const code of codeOf(text, 'json')) JSON.parse(code);
      for (const code of codeOf(text, 'yaml'))
        assert.deepEqual(
          parseAllDocuments(code).flatMap(({ errors }) => errors),
          [],
        );
      for (const code of codeOf(text, 'js')) new Script(`(async () => {${code.replace(/^import .*$/gm, '')}\n})`);
      for (const code of codeOf(text, 'sh')) execFileSync('sh', ['-n'], { input: code });
    });

    it('has flows whose wires lead to nodes of the flow', () => {
      for (const flow of codeOf(text, 'json')
        .map((code) => JSON.parse(code))
        .filter(Array.isArray)) {
        const ids = flow.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        for (const { id, z, wires = [] } of flow)
          for (const target of [wires, z ?? []].flat(2)) assert.ok(ids.includes(target), `${id}: ${target}`);
      }
    });

    it('names only commands that exist', () => {
      const inline = [...proseOf(text).matchAll(/`(npm [^`]+)`/g)].map(([, command = '']) => command);
      const lines = codeOf(text, 'sh').flatMap((code) => code.split('\n'));
      for (const command of [...inline, ...lines].filter((each) => each.startsWith('npm '))) {
        const name = /^npm (?:run )?([\w:]+)/.exec(command)?.[1] ?? '';
        const isKnown = name in manifest.scripts || NPM.includes(name) || command === `npm install ${manifest.name}`;
        assert.ok(isKnown, command);
      }
    });

    it('names only source files that exist', () => {
      const files = [...text.matchAll(/`((?:src|nodes|scripts|test)\/[\w./-]+\.\w+)`/g)].map(([, file = '']) => file);
      assert.deepEqual(
        files.filter((file) => !file.includes('NAME') && !existsSync(join(PROJECT, file))),
        [],
      );
    });
  });
}

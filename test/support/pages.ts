import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';

/** The pages of the documentation that README.md links to, as paths from the project. */
export const DOCS: readonly string[] = readdirSync(join(PROJECT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .sort()
  .map((file) => `docs/${file}`);

/** Every page that people read, as paths from the project. */
export const PAGES: readonly string[] = [
  'README.md',
  ...DOCS,
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'src/vgs/PROTOCOL.md',
  'src/visual-guard/PROTOCOL.md',
];

/** @param path from the project, such as `docs/nodes.md` */
export function readPage(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** The code blocks of a page, in order. A block without a language has an empty one. */
export function blocksOf(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({ language, code }));
}

/** The code blocks of one language, in order. */
export function codeOf(text: string, language: string): string[] {
  return blocksOf(text)
    .filter((block) => block.language === language)
    .map(({ code }) => code);
}

/** The page without its code blocks. */
export function proseOf(text: string): string {
  return text.replace(/^```\w*\n[\s\S]*?^```$/gm, '');
}

/** A section of a page, from its heading to the next one of the same or a higher level. @param heading with its `#` */
export function sectionOf(text: string, heading: string): string {
  const begin = `\n${text}`.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`no section "${heading}"`);
  const [marks = ''] = /^#+/.exec(heading) ?? [];
  const rest = text.slice(begin + heading.length);
  const end = rest.search(new RegExp(`^#{1,${marks.length}} `, 'm'));
  return heading + (end < 0 ? rest : rest.slice(0, end));
}

/**
 * The cells of the first table at or after a line.
 *
 * @param line the beginning of the line: of the table's own heading, or of a heading above it
 * @returns the rows without the column headings
 */
export function tableBelow(text: string, line: string): string[][] {
  const begin = `\n${text}`.indexOf(`\n${line}`);
  if (begin < 0) throw new Error(`no line begins with "${line}"`);
  const lines = text.slice(begin).split('\n');
  const first = lines.findIndex((each) => each.startsWith('|'));
  const rows = lines.slice(first + 2);
  const end = rows.findIndex((each) => !each.startsWith('|'));
  return (end < 0 ? rows : rows.slice(0, end)).map(cellsOf);
}

/** The cells of a row of a table. */
export function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The anchors of a page, as GitHub makes them from its headings. */
export function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What a page links to, pictures included. */
export function linksOf(text: string): string[] {
  const found = proseOf(text).matchAll(/\]\((?:<([^>]+)>|([^)\s]+))\)|\bsrc(?:set)?="([^"]+)"/g);
  return [...found].map(([, quoted, plain, picture]) => quoted ?? plain ?? picture ?? '');
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';

/** The language from which all others are translated. */
export const SOURCE = 'en-US';
export const TRANSLATIONS = ['de', 'es-ES', 'fr', 'ja', 'ko', 'pt-BR', 'ru', 'zh-CN', 'zh-TW'] as const;
export type Language = typeof SOURCE | (typeof TRANSLATIONS)[number];

/** Texts by key, as `label.server`. */
export type Catalogue = ReadonlyMap<string, string>;

const nodes = join(PROJECT, 'nodes');
const folder = (language: Language): string => join(nodes, 'locales', language);

/** @returns names without their extension, in order */
function filesOf(path: string, ending: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** The names of the catalogs of a language. */
export const cataloguesOf = (language: Language): string[] => filesOf(folder(language), '.json');

/** The names of a language's help files. */
export const helpsOf = (language: Language): string[] => filesOf(folder(language), '.html');

/** A catalog as a flat object. A missing one is empty. */
export function catalogue(language: Language, name: string): Catalogue {
  const path = join(folder(language), `${name}.json`);
  return existsSync(path) ? flat(JSON.parse(readFileSync(path, 'utf8'))) : new Map();
}

export function help(language: Language, name: string): string {
  return readFileSync(join(folder(language), `${name}.html`), 'utf8');
}

/** A source file, its path from the project's folder and its text. */
export interface Source {
  path: string;
  text: string;
}

/** The HTML of the dialogs, one for each node, and that of the plugin. */
export const dialogs = (): Source[] => sources('nodes', '.html');

/** The scripts that the dialogs load. */
export const scripts = (): Source[] => sources('resources', '.js');

/** The sources of the runtime that use texts. */
export const runtimes = (): Source[] =>
  [
    '',
    '/types',
    '/shared',
    '/shared/changes',
    '/shared/config',
    '/shared/dialog',
    '/shared/bearer',
    '/shared/hold',
    '/shared/sign-ins',
  ].flatMap((folder) => sources(`nodes${folder}`, '.ts'));

function sources(path: string, ending: string): Source[] {
  return filesOf(join(PROJECT, path), ending).map((name) => ({
    path: `${path}/${name}${ending}`,
    text: readFileSync(join(PROJECT, path, `${name}${ending}`), 'utf8'),
  }));
}

/** The texts of Node-RED itself: those of its editor, and those of its nodes. */
export function ownTexts(): { editor: Catalogue; nodes: Catalogue } {
  const packages = join(PROJECT, 'node_modules/@node-red');
  const read = (path: string): Catalogue => flat(JSON.parse(readFileSync(join(packages, path), 'utf8')));
  return { editor: read('editor-client/locales/en-US/editor.json'), nodes: read('nodes/locales/en-US/messages.json') };
}

function flat(texts: Record<string, unknown>, before = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(before + key, value);
    else for (const [inner, text] of flat(value as Record<string, unknown>, `${before}${key}.`)) found.set(inner, text);
  }
  return found;
}

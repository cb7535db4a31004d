import type { Source } from './catalogues.ts';

/** A text that a source file uses. */
export interface Wanted {
  /** The catalog: a node's name, `vg-auth`, `node-red` for Node-RED's nodes, `editor` for its editor; `*` for any node's. */
  catalogue: string;
  /** A key. `*` in it is one part, or the rest of one, that is known at run time only. */
  key: string;
}

const OWN = '@vg-auth/node-red-vg-auth/';

/** The keys that the HTML of a dialog uses, in its template and in its script. */
export function wantedByDialog({ path, text }: Source): Wanted[] {
  const node = path.replace(/^.*\/|\.html$/g, '');
  const outputs = Number(/\boutputs: (\d)/.exec(text)?.[1] ?? 0);
  const properties = [...text.matchAll(/id="node-config-input-(\w+)"/g)].map(([, property]) => property);
  return [
    ...[...text.matchAll(/data-i18n="([^"]*)"/g)]
      .flatMap(([, keys]) => keys.split(';'))
      .map((key) => named(key.trim().replace(/^\[[\w-]+\]/, ''), node)),
    ...wantedByScript(text, node),
    // The palette looks up the heading of a category that is not one of its own in the catalog of the node.
    ...[...text.matchAll(/\bcategory: '([\w ]+)'/g)]
      .filter(([, category]) => category !== 'config')
      .map(([, category]) => named(`palette.label.${category.replace(/ /g, '_')}`, node)),
    ...Array.from({ length: outputs }, (_, index) => named(`output.${index + 1}`, node)),
    // An error may name any property of a config node.
    ...properties.filter((property) => property !== 'name').map((property) => named(`label.${property}`, node)),
  ];
}

/**
 * The keys that a script uses with `_(…)` or `say(…)`, directly or through the helpers of `vg-auth.html` and `dialog-test.js`.
 *
 * @param shared the catalog of `say`
 */
export function wantedByScript(text: string, node = '', shared = 'vg-auth'): Wanted[] {
  // A file's own `say` may put a prefix before the key: its definition is no use of a text.
  const own = /(?:const say = \(key, values\) =>|function say\(key, values\) \{\s*return)[^`]*`([^`]*)\$\{key\}`/;
  const before = (own.exec(text)?.[1] ?? '').replace(/^.*:/, '');
  const rest = text.replace(own, '');
  const calls = (begin: RegExp) => callsOf(rest, begin).flatMap(keysIn);
  const all = [
    ...calls(/(?<![\w.])say\(/g).map((key) => named(before + key, shared)),
    ...calls(/(?<![\w.])reasonOf\(/g).map((key) => named(`${before}${key}.*`, shared)),
    ...calls(/\bshared\(\)\.say\(/g).map((key) => named(key, 'vg-auth')),
    ...calls(/(?<!\bshared\(\))\.say\(/g).map((key) => named(key, shared)),
    ...calls(/(?:this|node)\._\(/g).map((key) => named(key, node)),
    ...calls(/\b(?:RED\._|translate)\(/g).map((key) => named(key, 'editor')),
    // A value and its type have one field, and so one label.
    ...[...rest.matchAll(/\.(?:typed|check\w*)\(this, '(\w+?)(?:(?:Name)?Type)?'/g)].map(([, name]) =>
      named(`label.${name}`, node),
    ),
    ...[...rest.matchAll(/\.listPractice\(.*, '(\w+)', \w+\);/g)].map(([, name]) => named(`practice.${name}.*`, node)),
  ];
  // Keys that a helper looks up for its callers are found in the callers, or with the properties of a dialog.
  return all.filter(({ key }) => !/\*.*\*|^(?:label|output)\.\*$/.test(key));
}

/** The keys that the runtime uses: every string that begins like a key of the shared catalog. */
export function wantedByRuntime({ text }: Source, groups: readonly string[]): Wanted[] {
  const isKey = new RegExp(`^(?:${groups.join('|')})\\.[\\w*.-]+$`);
  return stringsIn(text)
    .filter((key) => isKey.test(key))
    .map((key) => named(key, 'vg-auth'));
}

/** All strings in a script: a key may be built from one. */
export function wordsOf(text: string): Set<string> {
  return new Set(stringsIn(text));
}

function named(key: string, otherwise: string): Wanted {
  const own = key.startsWith(OWN) ? key.slice(OWN.length) : key;
  const [, catalogue, rest] = /^([^:]+):(.*)$/.exec(own) ?? ['', otherwise, own];
  return { catalogue, key: rest };
}

/** The first arguments of all calls whose beginning is matched. */
function callsOf(text: string, begin: RegExp): string[] {
  return [...text.matchAll(begin)].map(({ index, 0: { length } }) => firstArgument(text.slice(index + length)));
}

function firstArgument(text: string): string {
  let depth = 0;
  const strings = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[([{]|[)\]}]|,/g;
  for (const { 0: found, index } of text.matchAll(strings)) {
    if (depth === 0 && (found === ',' || found === ')')) return text.slice(0, index);
    if ('([{'.includes(found)) depth += 1;
    else if (')]}'.includes(found)) depth -= 1;
  }
  return text;
}

/** The keys that an argument may be. Operands of a comparison are none. */
function keysIn(argument: string): string[] {
  return stringsIn(argument.replace(/[!=]==\s*'[^']*'/g, ''));
}

function stringsIn(text: string): string[] {
  return [...text.matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)].map(([, plain, template]) =>
    (plain ?? template).replace(/\$\{[^}]*\}/g, (hole) =>
      /^\$\{PACKAGE/.test(hole) ? OWN + (hole.includes('+') ? '*' : '') : '*',
    ),
  );
}

/** Texts of a dialog that come from no catalog: in its template, and in texts that its script sets. */
export function bareTexts({ text }: Source): string[] {
  const template = [...text.matchAll(/<script type="text\/html"[^>]*>([\s\S]*?)<\/script>/g)].map(([, inner]) => inner);
  const script = text.replace(/<script type="text\/html"[^>]*>[\s\S]*?<\/script>/g, '');
  return [...template.flatMap(bareInMarkup), ...bareInScript(script)];
}

function bareInMarkup(markup: string): string[] {
  const found: string[] = [];
  let tag = '';
  for (const [piece] of markup.matchAll(/<!--[\s\S]*?-->|<[^>]*>|[^<]+/g)) {
    if (piece.startsWith('<!--')) continue;
    if (!piece.startsWith('<')) {
      const words = piece.replace(/&\w+;/g, ' ').trim();
      // A choice that shows its own value is a name, such as `Native`.
      if (words !== '' && !tag.includes(`value="${words}"`)) found.push(words);
      continue;
    }
    tag = piece;
    const attributes = [...piece.matchAll(/\s(placeholder|title|alt|aria-label|aria-description)="([^"]+)"/g)];
    found.push(...attributes.map(([, , words]) => words));
  }
  return found;
}

/** Finds words in `.text('…')` and the like, and in markup that a script builds. */
export function bareInScript(script: string): string[] {
  const written = script.matchAll(/\.(?:text|notify|append|attr\('(?:placeholder|title|aria-label)', ?)\(?'([^'<]+)'/g);
  const markup = [...script.matchAll(/['`](<[a-z][^'`]*>[^'`]*)['`]/g)].flatMap(([, inner]) =>
    bareInMarkup(inner.replace(/\$\{[^}]*\}/g, '')),
  );
  return [...[...written].map(([, words]) => words.trim()), ...markup].filter((words) => /\p{L}{2}/u.test(words));
}

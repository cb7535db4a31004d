import type { Source } from './catalogues.ts';

/** A text that a source file asks for. */
export interface Wanted {
  /** The catalogue: a node's name, `vg-auth`, `node-red` for Node-RED's nodes, `editor` for its editor; `*` for any node's. */
  catalogue: string;
  /** A key; `*` in it stands for one part, or the rest of one, that only the running program knows. */
  key: string;
}

const OWN = '@vg-auth/node-red-vg-auth/';

/** What a dialog's HTML asks for, in its template and in its script. */
export function wantedByDialog({ path, text }: Source): Wanted[] {
  const node = path.replace(/^.*\/|\.html$/g, '');
  const outputs = Number(/\boutputs: (\d)/.exec(text)?.[1] ?? 0);
  const properties = [...text.matchAll(/id="node-config-input-(\w+)"/g)].map(([, property]) => property);
  return [
    ...[...text.matchAll(/data-i18n="([^"]*)"/g)]
      .flatMap(([, keys]) => keys.split(';'))
      .map((key) => named(key.trim().replace(/^\[[\w-]+\]/, ''), node)),
    ...wantedByScript(text, node),
    ...Array.from({ length: outputs }, (_, index) => named(`output.${index + 1}`, node)),
    // An error may name any property of a config node.
    ...properties.filter((property) => property !== 'name').map((property) => named(`label.${property}`, node)),
  ];
}

/** What a script asks for with `_(…)` or `say(…)`, by itself or with the helpers of `vg-auth.html` and `dialog-test.js`. */
export function wantedByScript(text: string, node = ''): Wanted[] {
  // A file's own `say` may put something before the key: its definition is no use of a text.
  const own = /(?:const say = \(key, values\) =>|function say\(key, values\) \{\s*return)[^`]*`([^`]*)\$\{key\}`/;
  const before = (own.exec(text)?.[1] ?? '').replace(/^.*:/, '');
  const rest = text.replace(own, '');
  const calls = (begin: RegExp) => callsOf(rest, begin).flatMap(keysIn);
  const all = [
    ...calls(/(?<![\w.])say\(/g).map((key) => named(before + key, 'vg-auth')),
    ...calls(/(?<![\w.])reasonOf\(/g).map((key) => named(`${before}${key}.*`, 'vg-auth')),
    ...calls(/\.say\(/g).map((key) => named(key, 'vg-auth')),
    ...calls(/(?:this|node)\._\(/g).map((key) => named(key, node)),
    ...calls(/\bRED\._\(/g).map((key) => named(key, 'editor')),
    ...[...rest.matchAll(/\.(?:typed|check\w+)\(this, '(\w+)'/g)].map(([, name]) => named(`label.${name}`, node)),
    ...[...rest.matchAll(/\.listPractice\(.*, '(\w+)', \w+\);/g)].map(([, name]) => named(`practice.${name}.*`, node)),
  ];
  // What a helper looks up for its callers stands above, or with the properties of a dialog.
  return all.filter(({ key }) => !/\*.*\*|^(?:label|output)\.\*$/.test(key));
}

/** What the runtime asks for: every string that begins like a key of the shared catalogue. */
export function wantedByRuntime({ text }: Source, groups: readonly string[]): Wanted[] {
  const isKey = new RegExp(`^(?:${groups.join('|')})\\.[\\w*.-]+$`);
  return stringsIn(text)
    .filter((key) => isKey.test(key))
    .map((key) => named(key, 'vg-auth'));
}

/** The words that stand as strings in a script: a key may be put together from one. */
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

/** The keys that an argument may be. What it compares with is none. */
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

/** Texts of a dialog that come from no catalogue: in its template, and where its script writes one. */
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
      // A choice that shows its own value is a name, as `Native`.
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

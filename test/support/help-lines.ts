/** A line of a help text: its kind, and what a translation must keep of it. */
export interface HelpLine {
  kind: 'help' | 'heading' | 'property' | 'row' | 'item' | 'output' | 'note' | 'code' | 'text' | 'class' | 'end';
  /** The level of a heading, the cells of a row, the number of an output. */
  size: number;
  /** The name of a property, with the mark of an optional one. */
  name: string;
  /** Code words in alphabetical order: their order in a sentence depends on the language. */
  code: string[];
  /** Addresses of links. */
  links: string[];
  text: string;
}

/**
 * Reads a help text line by line: in these files a line is a paragraph, an item or a row.
 *
 * @param toSource returns the English for a translated code word or property name, such as a palette label
 */
export function readHelp(html: string, toSource: (word: string) => string): HelpLine[] {
  return html
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((text) => ({ ...kindOf(text, toSource), ...wordsIn(text, toSource), text }));
}

function kindOf(text: string, toSource: (word: string) => string): Pick<HelpLine, 'kind' | 'size' | 'name'> {
  const is = (kind: HelpLine['kind'], size = 0, name = '') => ({ kind, size, name });
  const script = /^<script type="text\/markdown" data-help-name="([^"]+)">$/.exec(text);
  if (script) return is('help', 0, script[1]);
  if (text === '</script>') return is('end');
  // For the style of the help, in resources/dialog.css.
  if (text === '<div class="vg-auth-help"></div>') return is('class');
  const heading = /^(#+) /.exec(text);
  if (heading) return is('heading', heading[1].length);
  // Like the rule of the editor: a second colon would end it.
  const property = /^: (\*?)([^:(]+?)(\*?) \([^:()]+\) : [^:]+$/.exec(text);
  if (property) return is('property', 0, property[1] + toSource(property[2]) + property[3]);
  if (/^\|.*\|$/.test(text)) return is('row', text.split('|').length - 2);
  const output = /^(\d)\. /.exec(text);
  if (output) return is('output', Number(output[1]));
  if (text.startsWith('- ')) return is('item');
  if (text.startsWith('> ')) return is('note');
  return text.startsWith('    ') ? is('code') : is('text');
}

function wordsIn(text: string, toSource: (word: string) => string): Pick<HelpLine, 'code' | 'links'> {
  return {
    code: [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => toSource(word)).sort(),
    links: [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link),
  };
}

/** The text of a line without its code words, links and names. */
export function proseOf({ kind, text }: HelpLine): string {
  if (kind === 'code' || kind === 'help' || kind === 'class') return '';
  const prose = kind === 'property' ? text.slice(text.lastIndexOf(' : ')) : text;
  return prose.replace(/`[^`]*`|\]\([^)]*\)/g, ' ');
}

import assert from 'node:assert/strict';
import { NEXT_STEPS } from '../../nodes/shared/changes/next-step.ts';
import type { BodyFault } from '../../nodes/shared/dialog/request-body.ts';
import { type AuthErrorCode, FAULTS } from '../../src/core/faults.ts';
import { OWN_REASONS, type Reason, VISUAL_GUARD_REASONS, type Warning } from '../../src/core/reasons.ts';
import { PRACTICE_ACCOUNTS, PRACTICE_USERS } from '../../src/practice/users.ts';
import type { FileFault } from '../../src/vgs/service-account-file.ts';
import {
  type Catalogue,
  catalogue,
  cataloguesOf,
  dialogs,
  help,
  helpsOf,
  type Language,
  ownTexts,
  runtimes,
  SOURCE,
  scripts,
  TRANSLATIONS,
} from '../support/catalogues.ts';
import {
  bareInScript,
  bareTexts,
  type Wanted,
  wantedByDialog,
  wantedByRuntime,
  wantedByScript,
  wordsOf,
} from '../support/dialog-texts.ts';
import { type HelpLine, proseOf, readHelp } from '../support/help-lines.ts';

/** Texts that are the same in English and in another language: names, abbreviations, and words that both languages have. */
const SAME: Record<'all' | (typeof TRANSLATIONS)[number], string[]> = {
  all: ['MFA', 'TLS', 'https://identity.example.com', 'redis://127.0.0.1:6379'],
  de: ['Server', 'Code', 'Challenge', 'Proxy', 'Scope'],
  'es-ES': ['Hosts', 'Proxy', 'Token', 'token'],
  fr: ['Action', 'Application', 'Code', 'Module', 'Proxy'],
  ja: [],
  'pt-BR': ['Hosts', 'Proxy', 'Token', 'token'],
  ru: [],
  'zh-CN': [],
  'zh-TW': [],
  ko: [],
};

/** The characters of each language's script. */
const LETTERS: Partial<Record<Language, RegExp>> = {
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  ru: /\p{Script=Cyrillic}/u,
  'zh-CN': /\p{Script=Han}/u,
  'zh-TW': /\p{Script=Han}/u,
  ko: /\p{Script=Hangul}/u,
};

/** Keys whose values have no words: the tag of the language, and what is between the parts of a text. */
const FORMS = /^(?:locale$|punctuation\.)/;

/** Words in a dialog that are the same in all languages: values that a field may have. */
const VALUES = ['token', 'https://', 'practice'];

/** The most letters of a status, which is shown below its node. A Chinese or Japanese character counts as two. */
const LONGEST_STATUS = 24;

const codes = new Set<AuthErrorCode>(['AUTH_STORE', ...Object.values(FAULTS).map(([code]) => code)]);
const configFaults = Object.entries(FAULTS).filter(([, [code]]) => code === 'AUTH_CONFIG');
const clientReasons: Reason[] = ['client-invalid', 'scope-invalid', 'grant-not-allowed'];
const accountReasons: Reason[] = ['account-disabled', 'credentials-invalid', 'unknown'];

/** Keys that are known at run time only: each member has a text. Any other family may have any members. */
const FAMILIES: Record<string, readonly string[]> = {
  'vg-auth:errors.*': Object.keys(FAULTS),
  'vg-auth:reasons.*': [...VISUAL_GUARD_REASONS, ...OWN_REASONS],
  'vg-auth:sign-ins.*': ['unknown-account', 'unknown-session', 'no-stored-user', 'metrics-off'],
  'vg-auth:next.*': NEXT_STEPS,
  'vg-auth:log.*': ['refused', 'needs-human', 'failing', 'recovered', 'still', 'store-back'],
  // Wrong settings are reported with the texts of the errors.
  'vg-auth:codes.*': [...codes].filter((code) => code !== 'AUTH_CONFIG'),
  'vg-auth:faults.*': [...configFaults.map(([fault]) => fault), 'unexpected'],
  'vg-auth:test.account.*': [...clientReasons, ...accountReasons],
  'vg-auth:test.client.*': clientReasons,
  'vg-auth:test.person.*': [...VISUAL_GUARD_REASONS, ...clientReasons, 'held-back'],
  'vg-auth:test.warning.*': names<Warning>({
    'password-expired': 1,
    'password-weak': 1,
    'mfa-grace-login': 1,
    'last-grace-logon': 1,
    'scope-missing': 1,
    'authorization-failed': 1,
  }),
  'vg-auth:test.body.*': names<BodyFault>({
    'no-object': 1,
    'unknown-field': 1,
    'wrong-type': 1,
    'too-long': 1,
    'no-id': 1,
    'no-code': 1,
  }),
  'vg-auth:import.fault.*': names<FileFault>({
    empty: 1,
    'too-large': 1,
    'too-deep': 1,
    'not-yaml': 1,
    'several-documents': 1,
    'has-references': 1,
    'wrong-kind': 1,
    'wrong-version': 1,
    'no-data': 1,
    'value-invalid': 1,
    'value-twice': 1,
    placeholder: 1,
    'half-credentials': 1,
    'nothing-in-it': 1,
  }),
  'vg-server:practice.people.*': PRACTICE_USERS.map(({ user }) => user),
  'vgs-account:practice.accounts.*': PRACTICE_ACCOUNTS.map(({ clientId }) => clientId),
};

const english = new Map<string, Catalogue>(cataloguesOf(SOURCE).map((name) => [name, catalogue(SOURCE, name)]));
const placeholdersOf = (text: string): string[] => [...text.matchAll(/__\w+?__/g)].map(([name]) => name).sort();
const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (letter > '\u2e80' ? 2 : 1), 0);

/** All members of a union of words. The compiler reports a missing one. */
function names<T extends string>(words: Record<T, 1>): string[] {
  return Object.keys(words);
}

/** The catalog from which a script takes its texts. */
function sharedBy(path: string): string {
  return path.startsWith('resources/sign-ins-') ? 'sign-ins' : 'vg-auth';
}

/** All keys that a source uses. Families are listed by their members. */
function wanted(): Wanted[] {
  const groups = [...new Set([...(english.get('vg-auth')?.keys() ?? [])].map((key) => key.split('.')[0]))];
  return [
    ...dialogs().flatMap(wantedByDialog),
    ...scripts().flatMap(({ path, text }) => wantedByScript(text, '', sharedBy(path))),
    ...runtimes().flatMap((source) => wantedByRuntime(source, groups)),
  ].flatMap((each) => {
    const members = FAMILIES[`${each.catalogue}:${each.key}`];
    return members ? members.map((member) => ({ ...each, key: each.key.replace('*', member) })) : [each];
  });
}

const isShared = (name: string): boolean => name === 'vg-auth' || name === 'sign-ins';

function matches(each: Wanted, name: string, key: string): boolean {
  const parts = each.key.split('*').map((part) => part.replace(/[.+]/g, '\\$&'));
  return each.catalogue === name && new RegExp(`^${parts.join('[\\w-]+')}$`).test(key);
}

describe('the English catalogs', () => {
  it('have every text that a dialog or a node asks for', () => {
    const own = ownTexts();
    const texts = new Map([...english, ['editor', own.editor], ['node-red', own.nodes]]);
    const missing = wanted().filter(
      (each) => ![...texts].some(([name, keys]) => [...keys.keys()].some((key) => matches(each, name, key))),
    );
    assert.deepEqual(missing, []);
  });

  it('have no text that nothing asks for', () => {
    const all = wanted();
    const words = new Set(scripts().flatMap(({ text }) => [...wordsOf(text)]));
    const unused = [...english].flatMap(([name, keys]) =>
      [...keys.keys()]
        .filter((key) => !all.some((each) => matches(each, name, key)))
        // A script may choose a word first, and then append it to its own `test.`.
        .filter((key) => !(isShared(name) && /^\w+\.[\w-]+$/.test(key) && words.has(key.split('.')[1])))
        .map((key) => `${name}: ${key}`),
    );
    assert.deepEqual(unused, []);
  });
});

describe('the dialogs', () => {
  it('have no text of their own', () => {
    const bare = [
      ...dialogs().map((source) => ({ path: source.path, texts: bareTexts(source) })),
      ...scripts().map(({ path, text }) => ({ path, texts: bareInScript(text) })),
    ].flatMap(({ path, texts }) => texts.filter((text) => !VALUES.includes(text)).map((text) => `${path}: ${text}`));
    assert.deepEqual(bare, []);
  });
});

for (const language of TRANSLATIONS) {
  describe(`the texts in ${language}`, () => {
    it('have the same keys as the English texts', () => {
      assert.deepEqual(cataloguesOf(language), cataloguesOf(SOURCE));
      assert.deepEqual(helpsOf(language), helpsOf(SOURCE));
      for (const [name, texts] of english)
        assert.deepEqual([...catalogue(language, name).keys()], [...texts.keys()], name);
    });

    for (const [name, texts] of english) {
      it(`are translated in ${name}.json`, () => {
        const same = [...SAME.all, ...SAME[language]];
        const faults = [...catalogue(language, name)].flatMap(([key, text]) => {
          const source = texts.get(key) ?? '';
          const isName = same.includes(text) || FORMS.test(key);
          const isForeign = !isName && LETTERS[language]?.test(text.replace(/__\w+?__/g, '')) === false;
          const isSame = !isName && text === source;
          const isOther = placeholdersOf(text).join() !== placeholdersOf(source).join();
          const isOff = text !== text.trim() || text === '';
          return isForeign || isSame || isOther || isOff ? [`${key}: ${text}`] : [];
        });
        assert.deepEqual(faults, []);
      });
    }

    it('name their language, by which dates and numbers are written', () => {
      const locale = catalogue(language, 'vg-auth').get('locale') ?? '';
      assert.equal(locale, language);
      assert.deepEqual(Intl.DateTimeFormat.supportedLocalesOf([locale]), [locale]);
    });

    it('have the heading of the palette once', () => {
      const headings = cataloguesOf(language).map((name) => catalogue(language, name).get('palette.label.auth_tokens'));
      assert.equal(new Set(headings.filter((heading) => heading !== undefined)).size, 1);
    });

    it('are short if they are shown below a node', () => {
      const short = [...catalogue(language, 'vg-auth')].filter(([key]) => /^(status|reasons|codes)\./.test(key));
      assert.ok(short.length > 50);
      assert.deepEqual(
        short.filter(([, text]) => widthOf(text.replace('__time__', '12:34')) > LONGEST_STATUS),
        [],
      );
    });

    for (const name of helpsOf(SOURCE)) {
      it(`have the same content in the help of ${name} as the English ones`, () => {
        const theirs = readHelp(help(language, name), toEnglish(language, name));
        const ours = readHelp(help(SOURCE, name), (word) => word);
        const shape = ({ text: _, ...line }: HelpLine) => line;
        theirs.forEach((line, index) => {
          const original = ours[index];
          assert.ok(original, line.text);
          assert.deepEqual(shape(line), shape(original), `${line.text}\n${original.text}`);
          // Two words in a row that are equal to the English ones are not translated.
          const isSame = proseOf(line) === proseOf(original) && /\p{L}{2,} \p{L}{2,}/u.test(proseOf(line));
          assert.ok(!isSame, line.text);
        });
        assert.equal(theirs.length, ours.length);
      });
    }

    it('name the same practice users and accounts in the help as in the dialogs', () => {
      for (const [node, group] of [
        ['vg-server', 'practice.people.'],
        ['vgs-account', 'practice.accounts.'],
      ]) {
        const rows = help(language, node);
        for (const [key, what] of catalogue(language, node)) {
          if (!key.startsWith(group)) continue;
          assert.ok(rows.includes(`| \`${key.slice(group.length)}\` | ${what} |`), `${key}: ${what}`);
        }
      }
    });
  });
}

/** Palette labels and dialog labels are translated if a help text names them. Nothing else is. */
function toEnglish(language: Language, name: string): (word: string) => string {
  const translated = new Map<string, string>();
  for (const [node, texts] of english) {
    const theirs = catalogue(language, node);
    for (const [key, text] of texts)
      if (key === 'palette.name' || (node === name && key.startsWith('label.')))
        translated.set(theirs.get(key) ?? '', text);
  }
  return (word) => translated.get(word) ?? word;
}

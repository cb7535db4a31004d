import assert from 'node:assert/strict';
import { catalogue, cataloguesOf, help, helpsOf, type Language, SOURCE, TRANSLATIONS } from '../support/catalogues.ts';

/** What a native reader stumbles over, and what to write. */
type Rules = readonly (readonly [RegExp, string])[];

const STRAIGHT: Rules = [[/["']/, 'the quotation marks and the apostrophe of the language']];
const CHINESE_OR_JAPANESE: Rules = [
  [/(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[,;!?]/u, 'full-width punctuation'],
  [/(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])\.(?=\s|$)/u, 'a full-width full stop'],
];

/** Words that are not Node-RED's, are of another variety of the language, or that an earlier translation used. */
const RULES: Record<Language, Rules> = {
  'en-US': [
    [/\b(?:behaviour|colour|licence|practise|spelt|learnt)\b/i, 'American spelling'],
    [/\b(?:MFA|second|another) way\b/i, 'method'],
    [/\bby (?:itself|themselves)\b/i, 'automatically'],
    [/\bwhere (?:it|there|no|nothing|nobody)\b/i, 'if, when'],
    [/\b(?:token|challenge|session) lives\b/i, 'is valid for'],
    [/[‘’“”]/, 'straight quotation marks, as Node-RED'],
  ],
  de: [
    ...STRAIGHT,
    [/\b(?:Nutzer|einloggen|ausloggen|Kennwort|eMail)\b/, 'Benutzer, anmelden, abmelden, Passwort, E-Mail'],
    [/\b(?:braucht Sie|kam nicht durch)\b/, 'an active sentence'],
  ],
  'es-ES': [
    ...STRAIGHT,
    [/\b(?:usted|ustedes|su cuenta|password|computadora|correo-e)\b/i, 'tú, contraseña, equipo'],
    [/^[^¿]*\?$/, 'an opening ¿'],
  ],
  fr: [
    ...STRAIGHT,
    [/\bnœud/, 'noeud, as Node-RED'],
    [/\b(?:le|un|du|ce) token\b|(?<!e-)\b(?:mail|mot-de-passe)\b/i, 'jeton, e-mail, mot de passe'],
    [/[\p{L}\d)] ?[;!?](?=\s|$)|[\p{L}\d)] ?:(?= )/u, 'a no-break space before : ; ! ?'],
  ],
  ja: [
    ...STRAIGHT,
    ...CHINESE_OR_JAPANESE,
    [/(?:ユーザー|サーバー|プロキシー|フォルダー|ブラウザー)/, 'ユーザ, サーバ, プロキシ, as Node-RED'],
    [/(?:あなた|貴方)/, 'no pronoun'],
  ],
  ko: [...STRAIGHT, [/(?:유저|패스워드|당신|로그온)/, '사용자, 비밀번호, 로그인, no pronoun']],
  'pt-BR': [
    ...STRAIGHT,
    [
      /\b(?:utilizador|palavra-passe|ficheiro|ecrã|senha errad[ao]|password)\b/i,
      'usuário, senha, arquivo, tela, incorreta',
    ],
  ],
  ru: [...STRAIGHT, [/(?:юзер|логин|пароль неправильн)/i, 'пользователь, вход'], [/ё/, 'е, as Node-RED']],
  'zh-CN': [...STRAIGHT, ...CHINESE_OR_JAPANESE, [/(?:登陆|帐号|帐户|注销|你)/, '登录, 账号, 退出登录, 您']],
  'zh-TW': [
    ...STRAIGHT,
    ...CHINESE_OR_JAPANESE,
    [/(?:服務器|用戶名|登錄|默認|信息|軟件|網絡|令牌|帳戶)/, '伺服器, 使用者名稱, 登入, 預設, 訊息, 軟體, 網路, 權杖'],
  ],
};

/** Code in a sentence is not in a language: tags, code words, settings in braces, `cache: false`. */
function proseOf(text: string): string {
  return text
    .replace(/`[^`]*`|<[^>]+>|\{ .*? \}|https?:\S+|rediss?:\S+|\b(?:cache|kind): \w+/g, 'CODE')
    .replace(/^: .* : /, '')
    .replace(/__\w+__/g, 'VALUE');
}

/** The texts of a language, each with its place. */
function* textsOf(language: Language): Generator<[string, string]> {
  for (const name of cataloguesOf(language))
    for (const [key, text] of catalogue(language, name)) yield [`${name}.json: ${key}`, proseOf(text)];
  for (const name of helpsOf(language))
    for (const [index, line] of help(language, name).split('\n').entries())
      yield [`${name}.html:${index + 1}`, proseOf(line)];
}

/** Node-RED's renderer of a list of properties takes another colon for the end of the line. */
const PROPERTY = /^:[^:]+\([^:]+\)[^:]*:[^:]*$/;

describe('a property in the help', () => {
  for (const language of [SOURCE, ...TRANSLATIONS] as Language[])
    it(`has no more colons than the list of properties allows in ${language}`, () => {
      const lines = helpsOf(language).flatMap((name) => help(language, name).split('\n'));
      const properties = lines.filter((line) => line.startsWith(': '));
      assert.ok(properties.length > 40, String(properties.length));
      assert.deepEqual(
        properties.filter((line) => !PROPERTY.test(line)),
        [],
      );
    });
});

describe('the wording of the texts', () => {
  for (const language of [SOURCE, ...TRANSLATIONS] as Language[])
    it(`has the words and the punctuation of ${language}`, () => {
      const found = [...textsOf(language)].flatMap(([place, text]) =>
        RULES[language]
          .filter(([pattern]) => pattern.test(text))
          .map(([pattern, better]) => `${place}: ${pattern.exec(text)?.[0]} (${better})`),
      );
      assert.deepEqual(found, []);
    });

  it('is checked: each rule finds what it forbids', () => {
    const samples: Partial<Record<Language, string[]>> = {
      'en-US': ['the behaviour', 'an MFA way', 'ends by itself', 'where nobody waits', 'a token lives', 'a “word”'],
      fr: ["l'hôte", 'le nœud', 'le token', 'Hôtes: a'],
      ja: ['"a"', '質問,', '終わり.', 'ユーザー', 'あなた'],
    };
    for (const [language, texts] of Object.entries(samples))
      for (const [index, [pattern]] of RULES[language as Language].entries())
        assert.match(texts[index] ?? '', pattern, language);
  });
});

import assert from 'node:assert/strict';
import { openEditor } from '../support/browser.ts';

/** The heading of the palette, and how numbers and dates are written, by the language of the editor. */
const LANGUAGES = {
  'en-US': { heading: 'auth tokens', number: '1,234.5', date: 'Nov 22, 2026', separator: 'a: b' },
  de: { heading: 'Auth-Tokens', number: '1.234,5', date: '22.11.2026', separator: 'a: b' },
  fr: { heading: 'jetons d’authentification', number: '1\u202f234,5', date: '22 nov. 2026', separator: 'a\u00a0: b' },
  ja: { heading: '認証トークン', number: '1,234.5', date: '2026/11/22', separator: 'a: b' },
  'zh-CN': { heading: '认证令牌', number: '1,234.5', date: '2026年11月22日', separator: 'a：b' },
  'es-ES': { heading: 'tokens de autenticación', number: '1234,5', date: '22 nov 2026', separator: 'a: b' },
  'pt-BR': { heading: 'tokens de autenticação', number: '1.234,5', date: '22 de nov. de 2026', separator: 'a: b' },
  ru: { heading: 'токены доступа', number: '1\u00a0234,5', date: '22 нояб. 2026 г.', separator: 'a: b' },
  'zh-TW': { heading: '驗證權杖', number: '1,234.5', date: '2026年11月22日', separator: 'a：b' },
  ko: { heading: '인증 토큰', number: '1,234.5', date: '2026. 11. 22.', separator: 'a: b' },
};

/** The plugin of this package in the page. */
interface Shared {
  say(key: string, values?: object): string;
  numberText(number: number): string;
  sayMoment(keys: string[], at: number): string;
}

describe('The editor in another language', () => {
  for (const [language, { heading, number, date, separator }] of Object.entries(LANGUAGES)) {
    it(`has the heading of the palette, numbers and dates of ${language}`, async () => {
      const { page } = await openEditor([], language);
      await page.locator('#red-ui-palette-header-auth_tokens').getByText(heading, { exact: true }).waitFor();
      const texts = await page.evaluate(() => {
        const { RED } = window as unknown as { RED: { plugins: { getPlugin(id: string): Shared } } };
        const shared = RED.plugins.getPlugin('vg-auth');
        const far = new Date(2126, 10, 22).getTime();
        return {
          number: shared.numberText(1234.5),
          far: shared.sayMoment(['test.retry-at', 'test.retry-at-date'], far),
          pattern: shared.say('test.retry-at-date'),
          separator: shared.say('punctuation.prefix', { prefix: 'a', text: 'b' }),
        };
      });
      assert.equal(texts.number, number);
      // The kind of space differs between releases of ICU.
      assert.equal(texts.far.replace(/\s/g, ' '), texts.pattern.replace('__date__', date.replace('2026', '2126')));
      assert.equal(texts.separator, separator);
    });
  }
});

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Node, NodeAPI } from 'node-red';
import { textOf } from '../../nodes/shared/catalogue.ts';
import { sentenceOfTrouble } from '../../nodes/shared/changes/account-log.ts';
import { StatusLine } from '../../nodes/shared/status.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Listeners } from '../../src/core/listeners.ts';
import type { Trouble } from '../../src/oauth/account-state.ts';
import { catalogue, type Language } from '../support/catalogues.ts';

const NOW = new Date(2026, 10, 19, 14, 30).getTime();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const clock: Clock = { now: () => NOW, random: () => 0.5, after: () => () => undefined };

/** What a person reads: a number, a status with a name and a prefix, and a list, in which a date is in three days. */
interface Format {
  readonly language: Language;
  readonly number: string;
  readonly practice: string;
  readonly prefix: string;
  readonly and: string;
  readonly date: string;
  readonly code: string;
}

const FORMATS: Format[] = [
  // In English the prefix is a promise to programs that read it.
  {
    language: 'en-US',
    number: '12,345',
    practice: 'practice',
    prefix: ': ',
    and: ', ',
    date: 'Nov 22, 2026',
    code: ' (123456)',
  },
  {
    language: 'de',
    number: '12.345',
    practice: 'Übungsmodus',
    prefix: ': ',
    and: ', ',
    date: '22.11.2026',
    code: ' (123456)',
  },
  {
    language: 'fr',
    number: '12\u202f345',
    practice: 'mode d’essai',
    prefix: '\u00a0: ',
    and: ', ',
    date: '22 nov. 2026',
    code: ' (123456)',
  },
  {
    language: 'ja',
    number: '12,345',
    practice: '練習モード',
    prefix: ': ',
    and: '、',
    date: '2026/11/22',
    code: ' (123456)',
  },
  {
    language: 'zh-CN',
    number: '12,345',
    practice: '练习模式',
    prefix: '：',
    and: '，',
    date: '2026年11月22日',
    code: '（123456）',
  },
  {
    language: 'es-ES',
    number: '12.345',
    practice: 'modo de prácticas',
    prefix: ': ',
    and: ', ',
    date: '22 nov 2026',
    code: ' (123456)',
  },
  {
    language: 'pt-BR',
    number: '12.345',
    practice: 'modo de prática',
    prefix: ': ',
    and: ', ',
    date: '22 de nov. de 2026',
    code: ' (123456)',
  },
  {
    language: 'ru',
    number: '12\u00a0345',
    practice: 'учебный режим',
    prefix: ': ',
    and: ', ',
    date: '22 нояб. 2026 г.',
    code: ' (123456)',
  },
  {
    language: 'zh-TW',
    number: '12,345',
    practice: '練習模式',
    prefix: '：',
    and: '，',
    date: '2026年11月22日',
    code: '（123456）',
  },
  {
    language: 'ko',
    number: '12,345',
    practice: '연습 모드',
    prefix: ': ',
    and: ', ',
    date: '2026. 11. 22.',
    code: '(123456)',
  },
];

/** Node-RED in a language. Its texts are those of the catalog. */
function nodeRedIn(language: Language): { RED: NodeAPI; events: EventEmitter } {
  const texts = catalogue(language, 'vg-auth');
  const events = new EventEmitter();
  const text = (key: string, values: Record<string, string> = {}): string =>
    (texts.get(key.replace(/^.*:/, '')) ?? key).replace(/__(\w+?)__/g, (_, name: string) => values[name] ?? '');
  return { RED: { _: text, events } as unknown as NodeAPI, events };
}

/** A status line in a language, and what its node shows. */
function statusIn(language: Language): { line: StatusLine; shown: () => string } {
  const { RED, events } = nodeRedIn(language);
  let shown = '';
  const node = Object.assign(new EventEmitter(), {
    status: ({ text }: { text?: string }) => {
      shown = text ?? '';
    },
  });
  const line = new StatusLine(RED, node as unknown as Node, clock);
  events.emit('flows:started');
  return { line, shown: () => shown };
}

for (const { language, number, practice, prefix, and, date, code } of FORMATS) {
  describe(`the format of a status in ${language}`, () => {
    const texts = catalogue(language, 'vg-auth');

    it('has the separators of the language', () => {
      const { line, shown } = statusIn(language);
      Object.assign(line, { isPractice: true, about: 'Acme' });
      line.refused({ reason: 'credentials-invalid', retryAt: NOW + 3 * MINUTE });
      const retry = texts.get('status.retry-at')?.replace('__time__', '14:33');
      assert.equal(
        shown(),
        `Acme${prefix}${practice}${prefix}${texts.get('reasons.credentials-invalid')}${and}${retry}`,
      );
    });

    it('has the code of a practice user as the language puts it into a sentence', () => {
      const { line, shown } = statusIn(language);
      const changes = new Listeners();
      const challenge = { expiresAt: NOW + 5 * MINUTE, method: { transport: 'sms' }, changes };
      const outcome = { state: 'code-required', challenge } as unknown as Parameters<StatusLine['challenged']>[0];
      line.challenged(outcome, { code: '123456' });
      assert.equal(shown(), `${texts.get('status.code-by-sms')}${code}`);
    });

    it('has the reason of the server in a log line as the language puts it into a sentence', () => {
      const { RED } = nodeRedIn(language);
      const trouble = { at: 'refused', reason: 'account-locked', errorDescription: 'Locked' } as unknown as Trouble;
      const why = `${texts.get('reasons.account-locked')}${prefix}Locked`;
      assert.ok(sentenceOfTrouble(RED, trouble).includes(code.replace('123456', why)), sentenceOfTrouble(RED, trouble));
    });

    it('has a date if the time is more than a day away', () => {
      const { line, shown } = statusIn(language);
      line.refused({ reason: 'held-back', retryAt: NOW + 3 * DAY });
      assert.equal(shown(), texts.get('status.retry-at-date')?.replace('__date__', date));
      line.refused({ reason: 'held-back', retryAt: NOW + DAY - MINUTE });
      assert.equal(shown(), texts.get('status.retry-at')?.replace('__time__', '14:29'));
    });

    it('has numbers in the format of the language', () => {
      const { RED } = nodeRedIn(language);
      const text = textOf(RED, 'status.waiting', { number: 12_345 });
      assert.equal(text, texts.get('status.waiting')?.replace('__number__', number));
    });
  });
}

describe('a status without a catalog', () => {
  it('has English numbers', () => {
    const RED = { _: (key: string, values: object) => `${key} ${Object.values(values ?? {})}` } as unknown as NodeAPI;
    assert.equal(textOf(RED, 'a:b', { number: 12_345 }), 'a:b 12,345');
  });
});

describe('a value that looks like a placeholder', () => {
  it('is text, also if Node-RED fills in the others after it', () => {
    const require = createRequire(createRequire(import.meta.url).resolve('@node-red/util/package.json'));
    const i18n = require('i18next').createInstance();
    i18n.init({
      lng: 'en',
      showSupportNotice: false,
      interpolation: { prefix: '__', suffix: '__', escapeValue: false },
      resources: { en: { translation: { both: '__prefix__: __text__' } } },
    });
    const RED = { _: (key: string, values: object) => i18n.t(key.replace(/^.*:/, ''), values) } as unknown as NodeAPI;
    assert.equal(textOf(RED, 'both', { prefix: '__text__', text: '$t(both)' }), '__text__: $t(both)');
  });
});

import type { NodeAPI } from 'node-red';
import type { AuthError } from '../../src/core/errors.ts';
import type { FaultValues } from '../../src/core/faults.ts';

/** The catalog that all nodes share: it belongs to the plugin in `nodes/vg-auth.html`. */
export const CATALOGUE = '@vg-auth/node-red-vg-auth/vg-auth:';

/**
 * The language in which the texts of the catalog are written, as a BCP 47 tag. A catalog names its own language: if there is
 * none for the language of Node-RED, its texts are English, and so are its dates and numbers.
 */
export function localeOf(RED: NodeAPI): string {
  const locale: unknown = RED._(`${CATALOGUE}locale`);
  return typeof locale === 'string' && /^[a-z]{2}(-[A-Z]{2})?$/.test(locale) ? locale : 'en-US';
}

/**
 * A text of the catalog. Its numbers are written in the format of the language. A value is text, also if it looks like a
 * placeholder: `RED._` would replace what it finds in a value that it has filled in.
 */
export function textOf(RED: NodeAPI, key: string, values: FaultValues = {}): string {
  const texts = Object.values(values).map((value) =>
    typeof value === 'number' ? value.toLocaleString(localeOf(RED)) : value,
  );
  const marks = Object.keys(values).map((name, index) => [name, `\u0001${index}\u0001`]);
  const text: unknown = RED._(key.includes(':') ? key : CATALOGUE + key, Object.fromEntries(marks));
  if (typeof text !== 'string') return '';
  const parts = text.split('\u0001');
  return parts.map((part, index) => (index % 2 === 1 ? texts[Number(part)] : part)).join('');
}

/** The sentence of an error in the language of this Node-RED. If the catalog has none, it is the English one. */
export function sentenceOf(RED: NodeAPI, error: AuthError): string {
  const key = `errors.${error.fault}`;
  const { cause } = error.values;
  const values =
    error.fault === 'store-gone' ? { ...error.values, cause: causeSentence(RED, String(cause)) } : error.values;
  const sentence = textOf(RED, key, values);
  return sentence !== '' && !sentence.endsWith(key) ? sentence : error.message;
}

/**
 * The message for the cause that makes a session store unavailable.
 *
 * @param cause a word, and perhaps after a space the missing part, such as `NOPERM DEL`
 */
export function causeSentence(RED: NodeAPI, cause: string): string {
  const [word = '', detail] = cause.split(' ', 2);
  const isCommand = detail !== undefined && detail === detail.toUpperCase();
  const keys = detail === undefined ? [word] : [isCommand ? `${word}-command` : `${word}-${detail}`, word];
  for (const key of keys) {
    const sentence = textOf(RED, `causes.${key}`, { detail: detail ?? '' });
    if (sentence !== '' && !sentence.endsWith(`causes.${key}`)) return sentence;
  }
  return textOf(RED, 'causes.other', { detail: cause });
}

/** Translates the message of an error into the language of this Node-RED. The code stays unchanged, because flows branch on it. */
export function translate(RED: NodeAPI, error: AuthError): AuthError {
  error.message = sentenceOf(RED, error);
  return error;
}

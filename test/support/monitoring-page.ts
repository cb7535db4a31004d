import assert from 'node:assert/strict';
import { codeOf, readPage, tableBelow } from './pages.ts';

/** A row of the table of routes. */
export interface RouteRow {
  method: string;
  /** With `ID` for a parameter. */
  path: string;
  permission: string;
  hasBody: boolean;
}

/** docs/monitoring.md */
export const MONITORING = readPage('docs/monitoring.md');

/** The only code block of this language that contains the text. */
export function blockWith(language: string, text: string): string {
  const found = codeOf(MONITORING, language).filter((code) => code.includes(text));
  assert.equal(found.length, 1, `${found.length} blocks of ${language} have "${text}"`);
  return found[0] ?? '';
}

/** Every route that the page documents. */
export function routeRows(): RouteRow[] {
  return tableBelow(MONITORING, '## Routes').map(([method = '', path = '', permission = '', body = '']) => ({
    method,
    path: path.replaceAll('`', ''),
    permission,
    hasBody: body.startsWith('`{') || body.startsWith('the dialog'),
  }));
}

/** The text with another address of Node-RED in place of the page's, which it has once. */
export function at(url: string, text: string): string {
  const host = new URL(url).host;
  assert.equal(text.split('localhost:1880').length, 2);
  return text.replace('localhost:1880', host);
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Echoes } from './echoes.ts';

const NO_CONTENT_TYPE = 'no content type';
/** They are shown whatever a secret is like. */
const USUAL_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/html', 'text/plain']);

/** `type/subtype` of a reply, and nothing else of what the header may have: it goes into error sentences. */
export function contentTypeOf(headers: IncomingHttpHeaders, echoes: Echoes): string {
  const [essence = ''] = String(headers['content-type'] ?? '').split(';', 1);
  const type = essence.trim().toLowerCase();
  if (USUAL_TYPES.has(type)) return type;
  return /^[a-z]{1,20}\/[a-z0-9.+-]{1,40}$/.test(type) && !echoes.isIn(type) ? type : NO_CONTENT_TYPE;
}

/** The server's clock (RFC 9110 6.6.1), in ms since 1970. @returns undefined if it does not say */
export function dateOf(headers: IncomingHttpHeaders): number | undefined {
  return readDate(headers.date);
}

/**
 * How long a server asks to wait (RFC 9110 10.2.3), in ms. A date is one of the server's clock, so it is compared with
 * the reply's own.
 *
 * @param now the own clock, for a reply without a date
 */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number): number | undefined {
  if (headers['retry-after'] === undefined) return undefined;
  const text = String(headers['retry-after']).trim();
  // However long a number is: it must not overflow a date, and it is bounded by whoever obeys it.
  if (/^\d+$/.test(text)) return Math.min(Number(text), 1e9) * 1000;
  const date = readDate(text);
  return date === undefined ? undefined : Math.max(0, date - (dateOf(headers) ?? now));
}

/** Date.parse takes many texts for a date; an HTTP date begins with the name of a day. */
function readDate(header: string | undefined): number | undefined {
  const text = String(header ?? '').trim();
  const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

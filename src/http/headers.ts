import type { IncomingHttpHeaders } from 'node:http';
import type { Echoes } from './echoes.ts';

const NO_CONTENT_TYPE = 'no content type';
/** They are shown even if a secret is one of these words. */
const USUAL_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/html', 'text/plain']);

/** `type/subtype` of a reply, without parameters, because error sentences contain it. */
export function contentTypeOf(headers: IncomingHttpHeaders, echoes: Echoes): string {
  const [essence = ''] = String(headers['content-type'] ?? '').split(';', 1);
  const type = essence.trim().toLowerCase();
  if (USUAL_TYPES.has(type)) return type;
  return /^[a-z]{1,20}\/[a-z0-9.+-]{1,40}$/.test(type) && !echoes.isIn(type) ? type : NO_CONTENT_TYPE;
}

/** The time of the server's clock (RFC 9110 6.6.1), in ms since 1970. @returns undefined without a valid header */
export function dateOf(headers: IncomingHttpHeaders): number | undefined {
  return readDate(headers.date);
}

/**
 * How long a server asks to wait (RFC 9110 10.2.3), in ms. A date is a time of the server's clock, so it is compared with
 * the `date` header.
 *
 * @param now the time of this machine, for a reply without a `date` header. In ms since 1970
 */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number): number | undefined {
  if (headers['retry-after'] === undefined) return undefined;
  const text = String(headers['retry-after']).trim();
  // A larger number would overflow a date.
  if (/^\d+$/.test(text)) return Math.min(Number(text), 1e9) * 1000;
  const date = readDate(text);
  return date === undefined ? undefined : Math.max(0, date - (dateOf(headers) ?? now));
}

/** `Date.parse` accepts many texts. An HTTP date begins with the name of a day. */
function readDate(header: string | undefined): number | undefined {
  const text = String(header ?? '').trim();
  const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

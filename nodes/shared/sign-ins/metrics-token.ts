import { createHash, timingSafeEqual } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import { CATALOGUE } from '../catalogue.ts';

/** `vgAuthMetrics` of settings.js. */
export interface MetricsSetting {
  /** Whether `GET vg-auth/metrics` answers. */
  readonly isOn: boolean;
  /** The bearer token of a scraper. If it is undefined, a scraper needs the permission to read. */
  readonly token: string | undefined;
}

type Middleware = (request: unknown, response: unknown, next: () => void) => void;

/** Reads `vgAuthMetrics`: `true`, or `{ token: "…" }`. A token that is empty or no text counts as not set, and one warning says so. */
export function metricsSetting(RED: NodeAPI): MetricsSetting {
  const value = (RED.settings as unknown as Record<string, unknown>).vgAuthMetrics;
  if (value === true) return { isOn: true, token: undefined };
  const given = typeof value === 'object' && value !== null ? (value as { token?: unknown }).token : undefined;
  if (typeof given === 'string' && given !== '') return { isOn: true, token: given };
  if (value !== undefined && value !== false) {
    const key = 'settings.metrics-token';
    RED.events.once('flows:started', () => RED.log.warn(RED._(CATALOGUE + key)));
  }
  return { isOn: false, token: undefined };
}

/** Accepts a request that has the metrics token, or that may read. It marks the one with the token as `isScraper`. */
export function mayReadMetrics(RED: NodeAPI, { token }: MetricsSetting): Middleware {
  const mayRead = RED.auth.needsPermission('vg-auth.read') as unknown as Middleware;
  return (request, response, next) => {
    const { authorization = '' } = (request as { headers: Record<string, string | undefined> }).headers;
    const bearer = /^Bearer (.+)$/i.exec(authorization)?.[1];
    if (token !== undefined && bearer !== undefined && isEqual(bearer, token)) {
      (request as { isScraper?: boolean }).isScraper = true;
      next();
    } else mayRead(request, response, next);
  };
}

/** Compares in constant time. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

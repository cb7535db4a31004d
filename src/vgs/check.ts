import type { Clock } from '../core/clock.ts';
import { type FailedCheck, failedCheck } from '../core/failed-check.ts';
import type { HttpResponse, Transport } from '../http/transport.ts';
import { clockDifference, type RefusedCheck, type TokenSummary, tokenSummary } from '../oauth/check-result.ts';
import { createToken, lifetimeOf } from '../oauth/token.ts';
import { readScope, readTokenResponse, splitScope, withRetryAfter } from '../oauth/token-endpoint.ts';
import { clientCredentials, type VgsSettings } from './account.ts';

/** What a test of a service account found. */
export type AccountCheck = (({ state: 'signed-in' } & TokenSummary) | RefusedCheck | FailedCheck) & {
  host: string;
  /** How far the server's clock is ahead, in seconds. */
  clock?: number;
};

/**
 * Signs a service account in once, and forgets the token. It is not repeated: a person waits, and can click again.
 * Never throws.
 */
export async function checkAccount(settings: VgsSettings, transport: Transport, clock: Clock): Promise<AccountCheck> {
  const { host } = transport;
  const asked = splitScope(settings.scope);
  const request = clientCredentials(settings, asked);
  let reply: HttpResponse | undefined;
  let difference: number | undefined;
  const about = (): { host: string; clock?: number } => ({
    host,
    ...(difference === undefined ? {} : { clock: difference }),
  });
  try {
    reply = await transport.send(request);
    difference = clockDifference(reply, clock);
    const answer = readTokenResponse(reply, { host, isForUser: false, mayQuote: true });
    if (answer.refused) return { state: 'refused', ...answer.refused, ...about() };
    const { granted, accessToken } = answer;
    const lifetime = lifetimeOf(granted.number('expires_in'), accessToken);
    const scopes = readScope(granted, asked);
    const token = createToken({ accessToken, sentAt: reply.sentAt, lifetime, ...scopes }, clock);
    return { state: 'signed-in', ...tokenSummary(token, asked), ...about() };
  } catch (thrown) {
    return { ...failedCheck(withRetryAfter(thrown, reply, clock.now())), ...about() };
  }
}

import type { Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { type FailedCheck, failedCheck } from '../core/failed-check.ts';
import type { HttpResponse, Transport } from '../http/transport.ts';
import type { ApiCheck, TestApi } from '../oauth/api-check.ts';
import { clockDifference, type RefusedCheck, type TokenSummary, tokenSummary } from '../oauth/check-result.ts';
import { type FoundEndpoint, findTokenEndpoint } from '../oauth/endpoint-search.ts';
import { grantedToken } from '../oauth/granted-token.ts';
import { readTokenResponse, splitScope, withRetryAfter } from '../oauth/token-endpoint.ts';
import { clientCredentials, type VgsSettings } from './account.ts';

/** The result of a test of a service account. */
export type AccountCheck = (
  | ({ state: 'signed-in'; api?: ApiCheck } & TokenSummary)
  | RefusedCheck
  | (FailedCheck & Partial<FoundEndpoint>)
) & {
  host: string;
  /** The difference between the server's clock and this one, in s. Positive if the server's is ahead. */
  clock?: number;
};

/**
 * Signs a service account in once, and forgets the token. It is not repeated: a person waits, and can click again. If
 * the address is no token endpoint, it searches for one. It never throws.
 *
 * @param testApi is called with the token
 */
export async function checkAccount(
  settings: VgsSettings,
  transport: Transport,
  clock: Clock,
  testApi?: TestApi,
): Promise<AccountCheck> {
  const { host } = transport;
  const asked = splitScope(settings.scope);
  let reply: HttpResponse | undefined;
  let difference: number | undefined;
  const about = (): { host: string; clock?: number } => ({
    host,
    ...(difference === undefined ? {} : { clock: difference }),
  });
  try {
    reply = await transport.send(clientCredentials(settings, asked));
    difference = clockDifference(reply, clock);
    const answer = readTokenResponse(reply, { host, isForUser: false, mayQuote: true });
    if (answer.refused) return { state: 'refused', ...answer.refused, ...about() };
    const token = grantedToken(answer, reply, { scope: asked }, clock);
    const api = testApi ? { api: await testApi(token) } : {};
    return { state: 'signed-in', ...tokenSummary(token, asked), ...api, ...about() };
  } catch (thrown) {
    const found = isBadResponse(thrown)
      ? await findTokenEndpoint(settings.tokenUrl, transport).catch(() => undefined)
      : {};
    return { ...failedCheck(withRetryAfter(thrown, reply, clock.now())), ...found, ...about() };
  }
}

function isBadResponse(thrown: unknown): boolean {
  return thrown instanceof AuthError && thrown.code === 'AUTH_BAD_RESPONSE';
}

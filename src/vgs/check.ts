import { type FailedVerdict, failedVerdict } from '../failed-check.ts';
import type { System } from '../system.ts';
import { createToken, lifetimeOf } from '../token.ts';
import { readAnswer, readScope, splitScope, withTimeAsked } from '../token-endpoint.ts';
import type { Reply, Transport } from '../transport/transport.ts';
import { clockDifference, type RefusedVerdict, type TokenVerdict, tokenVerdict } from '../verdict.ts';
import { clientCredentials, type VgsSettings } from './account.ts';

/** What a test of a service account found. */
export type AccountVerdict = (({ state: 'signed-in' } & TokenVerdict) | RefusedVerdict | FailedVerdict) & {
  host: string;
  /** How far the server's clock is ahead, in seconds. */
  clock?: number;
};

/**
 * Signs a service account in once, and forgets the token. It is not repeated: a person waits, and can click again.
 * Never throws.
 */
export async function checkAccount(
  settings: VgsSettings,
  transport: Transport,
  system: System,
): Promise<AccountVerdict> {
  const { host } = transport;
  const asked = splitScope(settings.scope);
  const request = clientCredentials(settings, asked);
  let reply: Reply | undefined;
  let clock: number | undefined;
  const about = (): { host: string; clock?: number } => ({ host, ...(clock === undefined ? {} : { clock }) });
  try {
    reply = await transport.send(request);
    clock = clockDifference(reply, system);
    const answer = readAnswer(reply, { host, isForUser: false, mayQuote: true });
    if (answer.refused) return { state: 'refused', ...answer.refused, ...about() };
    const { granted, accessToken } = answer;
    const lifetime = lifetimeOf(granted.number('expires_in'), accessToken);
    const scopes = readScope(granted, asked);
    const token = createToken({ accessToken, sentAt: reply.sentAt, lifetime, ...scopes }, system);
    return { state: 'signed-in', ...tokenVerdict(token, asked), ...about() };
  } catch (thrown) {
    return { ...failedVerdict(withTimeAsked(thrown, reply, system.now())), ...about() };
  }
}

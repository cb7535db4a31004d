import { AuthError } from '../core/errors.ts';
import { type FailedCheck, failedCheck } from '../core/failed-check.ts';
import { Pace } from '../core/pace.ts';
import type { Reason, Warning } from '../core/reasons.ts';
import type { Transport } from '../http/transport.ts';
import type { ApiCheck, TestApi } from '../oauth/api-check.ts';
import { clockDifference, type RefusedCheck, type TokenSummary, tokenSummary } from '../oauth/check-result.ts';
import { type FoundEndpoint, findTokenEndpoint } from '../oauth/endpoint-search.ts';
import { isTransient, splitScope } from '../oauth/token-endpoint.ts';
import { Challenges } from './challenge/challenges.ts';
import { type Discovery, discover, issuerOf } from './dialect/discovery.ts';
import type { OfferedMethod } from './dialect/methods.ts';
import { tokenEndpointOf, type VisualGuardResult, type VisualGuardSettings } from './dialect/wire.ts';
import type { Outcome } from './outcome.ts';
import { VisualGuardServer, type VisualGuardShared } from './server.ts';
import { Sessions } from './session/sessions.ts';
import { MOST_WRONG_CODES, WrongCodeMemory } from './sign-in/wrong-codes.ts';

/** The server's verdict on the client, from the reply to a token request without a user. */
export type ClientCheck =
  /** The server accepts client, grant and scope: only the user is missing. */
  | { state: 'known' }
  | RefusedCheck
  /** The reply does not show whether the server accepts the client. */
  | FailedCheck;

/** The result of the sign-in of the stored user. */
export type UserCheck =
  | ({ state: 'signed-in'; warnings: Warning[]; refreshable: boolean; api?: ApiCheck } & TokenSummary)
  /** The password is right, and the server requires a second factor. */
  | { state: 'challenged'; ways: string[]; reason?: Reason }
  | RefusedCheck
  | FailedCheck
  /** The server would refuse the client first. */
  | { state: 'not-tried' };

/** The result of a test of a Visual Guard server. */
export type ServerCheck = {
  host: string;
  /** The difference between the server's clock and this one, in s. Positive if the server's is ahead. */
  clock?: number;
} & Partial<FoundEndpoint> &
  (
    | FailedCheck
    | {
        state: 'reached';
        /** Whether the discovery document lists `VGAuthenticator`; `unsaid` if it has no list, or there is no document. */
        grant: 'listed' | 'not-listed' | 'unsaid';
        client: ClientCheck;
        /** The requested scopes that the discovery document does not list, if it has a list. */
        unlisted: string[];
        /** Only with `signsIn`. */
        person?: UserCheck;
      }
  );

/**
 * Tests a Visual Guard server. It changes no session and no challenge, but the guard remembers a refused password,
 * because a test must not lock an account either. If the address is not that of a server, it searches for one. It never
 * throws.
 *
 * @param signsIn whether the stored user is signed in, and out again
 * @param testApi is called with the token of the stored user
 */
export async function checkServer(
  settings: VisualGuardSettings,
  transport: Transport,
  shared: Pick<VisualGuardShared, 'clock' | 'guard' | 'local'>,
  signsIn: boolean,
  testApi?: TestApi,
): Promise<ServerCheck> {
  const { host } = transport;
  // No flow can find the session that a test makes.
  const server = new VisualGuardServer(settings, transport, {
    ...shared,
    pace: new Pace(shared.clock, 1),
    wrongCodes: new WrongCodeMemory(shared.clock, MOST_WRONG_CODES),
    challenges: new Challenges(shared.clock, 1),
    sessions: new Sessions(1),
  });
  let difference: number | undefined;
  const about = (): { host: string; clock?: number } => ({
    host,
    ...(difference === undefined ? {} : { clock: difference }),
  });
  try {
    const { found, reply } = await discover(settings.tokenUrl, transport);
    difference = clockDifference(reply, shared.clock);
    const client = await checkClient(server);
    if (client.state === 'failed' && isNoServer(client, found, reply.status)) {
      return { ...client, ...(await searchServer(client, settings.tokenUrl, transport)), ...about() };
    }
    const person = signsIn ? { person: await checkPerson(server, settings, client, testApi) } : {};
    return { state: 'reached', ...about(), ...readDiscovery(found, settings.scope), client, ...person };
  } catch (thrown) {
    return { ...failedCheck(thrown), ...about() };
  } finally {
    server.close();
  }
}

/** Searches the address of the server, if the reply came from another kind of server. */
async function searchServer(
  { code }: FailedCheck,
  tokenUrl: string,
  transport: Transport,
): Promise<FoundEndpoint | undefined> {
  if (code !== 'AUTH_BAD_RESPONSE') return undefined;
  const found = await findTokenEndpoint(issuerOf(tokenUrl), transport).catch(() => undefined);
  // With any other address, the node would not use this endpoint.
  const isUsable = found && tokenEndpointOf(new URL(found.tokenEndpoint)).href === found.tokenEndpoint;
  return isUsable ? found : undefined;
}

function readDiscovery(
  found: Discovery | undefined,
  scope: string,
): { grant: 'listed' | 'not-listed' | 'unsaid'; unlisted: string[] } {
  const { grants, scopes } = found ?? {};
  const grant = !grants ? 'unsaid' : grants.includes('VGAuthenticator') ? 'listed' : 'not-listed';
  // offline_access belongs to the protocol; some servers do not list it.
  const isListed = (word: string): boolean => word === 'offline_access' || (scopes ?? []).includes(word);
  return { grant, unlisted: scopes?.length ? splitScope(scope).filter((word) => !isListed(word)) : [] };
}

async function checkClient(server: VisualGuardServer): Promise<ClientCheck> {
  let heard: VisualGuardResult;
  try {
    heard = await server.wire.loginOfNobody();
  } catch (thrown) {
    return failedCheck(thrown);
  }
  const { refusal } = heard;
  const isAboutClient = ['client-invalid', 'grant-not-allowed', 'scope-invalid'].includes(refusal?.reason ?? '');
  // The server checks client, grant and scope first (PROTOCOL.md: replies).
  return refusal && isAboutClient ? { state: 'refused', ...refusal } : { state: 'known' };
}

/** Whether there is no identity server at this address, or it is down. */
function isNoServer({ code }: FailedCheck, found: Discovery | undefined, status: number): boolean {
  if (code === 'AUTH_BAD_RESPONSE') return found === undefined;
  return code !== 'AUTH_UNAVAILABLE' || isTransient(status);
}

async function checkPerson(
  server: VisualGuardServer,
  { scope }: VisualGuardSettings,
  client: ClientCheck,
  testApi: TestApi | undefined,
): Promise<UserCheck> {
  if (client.state === 'refused') return { state: 'not-tried' };
  const person = server.storedCredentials;
  if (!person) {
    const property = server.wire.stored.user === '' ? 'username' : 'password';
    return failedCheck(new AuthError('property-missing', { property }));
  }
  try {
    const outcome = await server.signIn(person, { method: 'ask', reset: false });
    const verdict = personVerdict(outcome, splitScope(scope));
    if (outcome.state !== 'signed-in') return verdict;
    const api = testApi ? { api: await testApi(outcome.token) } : {};
    await server.signOut(outcome.session, person.user);
    return { ...verdict, ...api };
  } catch (thrown) {
    return failedCheck(thrown);
  }
}

function personVerdict(outcome: Outcome, asked: readonly string[]): UserCheck {
  if (outcome.state === 'refused') {
    const { reason, error, errorDescription, retryAt } = outcome;
    return {
      state: 'refused',
      reason,
      ...(error ? { error } : {}),
      ...(errorDescription ? { errorDescription } : {}),
      ...(retryAt ? { retryAt } : {}),
    };
  }
  if (outcome.state === 'signed-in') {
    const { session, token } = outcome;
    const warnings = [...(session.login?.warnings ?? [])];
    return { state: 'signed-in', warnings, refreshable: session.refreshToken !== '', ...tokenSummary(token, asked) };
  }
  const ways = outcome.challenge.methods.map(nameOf);
  return { state: 'challenged', ways: [...new Set(ways)], ...(outcome.reason ? { reason: outcome.reason } : {}) };
}

/** By the names of the preferences of a login: `otp-sms`, `link-email`. */
function nameOf({ kind, transport }: OfferedMethod): string {
  return `${kind === 'link' ? 'link' : 'otp'}-${transport}`;
}

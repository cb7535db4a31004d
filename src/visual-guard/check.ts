import { AuthError } from '../core/errors.ts';
import { type FailedCheck, failedCheck } from '../core/failed-check.ts';
import type { Reason, Warning } from '../core/reasons.ts';
import type { Transport } from '../http/transport.ts';
import { clockDifference, type RefusedCheck, type TokenSummary, tokenSummary } from '../oauth/check-result.ts';
import { isTransient, splitScope } from '../oauth/token-endpoint.ts';
import { Challenges } from './challenge/challenges.ts';
import { type Discovery, discover } from './dialect/discovery.ts';
import type { OfferedMethod } from './dialect/methods.ts';
import type { VisualGuardResult, VisualGuardSettings } from './dialect/wire.ts';
import type { Outcome } from './outcome.ts';
import { VisualGuardServer, type VisualGuardShared } from './server.ts';
import { Sessions } from './session/sessions.ts';
import { MOST_WRONG_CODES, WrongCodeMemory } from './sign-in/wrong-codes.ts';

/** What the server said of the client: a token request without a user tells. */
export type ClientCheck =
  /** Client, grant and scope are accepted: it only misses the user. */
  | { state: 'known' }
  | RefusedCheck
  /** The server answered, but not so that one could tell. */
  | FailedCheck;

/** What came of the sign-in of the stored user. */
export type UserCheck =
  | ({ state: 'signed-in'; warnings: Warning[]; refreshable: boolean } & TokenSummary)
  /** The password is right, and a second factor is asked for. */
  | { state: 'challenged'; ways: string[]; reason?: Reason }
  | RefusedCheck
  | FailedCheck
  /** It was not tried: the server would not get as far as the user. */
  | { state: 'not-tried' };

/** What a test of a Visual Guard server found. */
export type ServerCheck = {
  host: string;
  /** How far the server's clock is ahead, in seconds. */
  clock?: number;
} & (
  | FailedCheck
  | {
      state: 'reached';
      /** Whether its discovery document lists `VGAuthenticator`; `unsaid` where there is none, or no list in it. */
      grant: 'listed' | 'not-listed' | 'unsaid';
      client: ClientCheck;
      /** Scopes asked for that its discovery document does not show, where it shows any. */
      unlisted: string[];
      /** Only where it was wished for. */
      person?: UserCheck;
    }
);

/**
 * Tests a Visual Guard server. Nothing that is kept changes, but for what the guard learns of a password: a test must not
 * harm an account either. Never throws.
 *
 * @param signsIn whether the stored user is signed in, too, and out again
 */
export async function checkServer(
  settings: VisualGuardSettings,
  transport: Transport,
  shared: Pick<VisualGuardShared, 'clock' | 'guard' | 'local'>,
  signsIn: boolean,
): Promise<ServerCheck> {
  const { host } = transport;
  // It keeps nothing of the real ones, so that no flow finds a session that a test has made.
  const server = new VisualGuardServer(settings, transport, {
    ...shared,
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
    if (client.state === 'failed' && isNoServer(client, found, reply.status)) return { ...client, ...about() };
    const person = signsIn ? { person: await checkPerson(server, settings, client) } : {};
    return { state: 'reached', ...about(), ...readDiscovery(found, settings.scope), client, ...person };
  } catch (thrown) {
    return { ...failedCheck(thrown), ...about() };
  } finally {
    server.close();
  }
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
  // Any other answer comes from behind the checks of client, grant and scope (PROTOCOL.md: replies).
  return refusal && isAboutClient ? { state: 'refused', ...refusal } : { state: 'known' };
}

/** Whether nothing speaks for an identity server at this address, or it is down as a whole. */
function isNoServer({ code }: FailedCheck, found: Discovery | undefined, status: number): boolean {
  if (code === 'AUTH_BAD_RESPONSE') return found === undefined;
  return code !== 'AUTH_UNAVAILABLE' || isTransient(status);
}

async function checkPerson(
  server: VisualGuardServer,
  { scope }: VisualGuardSettings,
  client: ClientCheck,
): Promise<UserCheck> {
  if (client.state === 'refused') return { state: 'not-tried' };
  const person = server.storedPerson;
  if (!person) {
    const property = server.wire.stored.user === '' ? 'username' : 'password';
    return failedCheck(new AuthError('property-missing', { property }));
  }
  try {
    const outcome = await server.signIn(person, { method: 'ask', reset: false });
    const verdict = personVerdict(outcome, splitScope(scope));
    if (outcome.state === 'signed-in') await server.signOut(outcome.session, person.user);
    return verdict;
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

/** As in the preferences of a login: `otp-sms`, `link-email`. */
function nameOf({ kind, transport }: OfferedMethod): string {
  return `${kind === 'link' ? 'link' : 'otp'}-${transport}`;
}

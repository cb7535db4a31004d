import type { Clock } from '../../core/clock.ts';
import { AuthError } from '../../core/errors.ts';
import type { Sourced } from '../../core/settings-source.ts';
import { withoutTrailingSlashes } from '../../http/address.ts';
import type { SecretTrace } from '../../http/echoes.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import type { FormRequest, HttpResponse, TokenRequestOutcome, Transport } from '../../http/transport.ts';
import { ClientRotation } from '../../oauth/client-rotation.ts';
import { grantedToken } from '../../oauth/granted-token.ts';
import type { OAuthError } from '../../oauth/oauth-error.ts';
import type { Token } from '../../oauth/token.ts';
import {
  readSettled,
  readTokenResponse,
  splitScope,
  type TokenEndpointResult,
  withRetryAfter,
} from '../../oauth/token-endpoint.ts';
import type { Method } from './methods.ts';
import {
  isDescribedByStates,
  keepKnownNames,
  readVisualGuardReply,
  setsChallenge,
  type VisualGuardResponse,
} from './reply.ts';
import { type Credentials, ServerSettings, type VisualGuardSettings } from './server-settings.ts';

export type { Credentials, VisualGuardSettings } from './server-settings.ts';

/** The timeout of a request that waits for a click, in ms. The limit of the server is 300 s. */
const LINK_TIMEOUT = 330_000;

/** All documented scopes, in the spelling of the server (PROTOCOL.md: requests). */
export const FULL_SCOPE =
  'openid profile VGActivityDate VGApplications VGDeveloper VGIsApproved VGIsLocked VGPermissions VGProfile VGRoles VGToken offline_access IdentityServerApi';

/** The result of a successful sign-in or refresh. */
export interface Grant {
  token: Token;
  /** Empty if the reply has none. */
  refreshToken: string;
  reading: VisualGuardResponse | undefined;
}

/** The result of a request. Faults are thrown. */
export type VisualGuardResult =
  | { grant: Grant; reading?: VisualGuardResponse | undefined; refusal?: never }
  /** The reply has the state of the sign-in. */
  | { reading: VisualGuardResponse; isInvalidGrant: boolean; grant?: never; refusal?: never }
  /** A refusal without a Visual Guard state. */
  | { refusal: OAuthError; grant?: never; reading?: never };

/**
 * The requests to a Visual Guard server (PROTOCOL.md: requests, challenges). A request is sent again only if the server
 * refuses the client and there are other client credentials.
 */
export class VisualGuardWire {
  readonly transport: Transport;
  readonly rotation: ClientRotation<VisualGuardSettings>;
  readonly settings: ServerSettings;
  readonly #clock: Clock;
  readonly #scope: readonly string[];

  constructor(settings: Sourced<VisualGuardSettings>, transport: Transport, clock: Clock) {
    this.settings = new ServerSettings(settings);
    this.rotation = new ClientRotation(this.settings);
    this.transport = transport;
    this.#clock = clock;
    this.#scope = splitScope(this.settings.identity.scope);
  }

  /** The address, or the name of the variable with the address. Users are filed under it. */
  get tokenUrl(): string {
    return this.settings.identity.tokenUrl;
  }

  /** Which credentials are repeated in the steps of a challenge. */
  get mfaCredentials(): VisualGuardSettings['mfaCredentials'] {
    return this.settings.identity.mfaCredentials;
  }

  /** The stored user, as last read. */
  get stored(): Credentials {
    return this.settings.stored;
  }

  /** Whether the module needs no password. */
  get passwordless(): boolean {
    return this.settings.identity.module.trim().toLowerCase() === 'passwordless';
  }

  login({ user, password }: Credentials): Promise<VisualGuardResult> {
    return this.#post({ ...this.#grant(), Username: user, ...(this.passwordless ? {} : { Password: password }) });
  }

  /**
   * A login without a user. It cannot lock an account, and the reply shows whether client, grant and scope are
   * accepted.
   */
  loginOfNobody(): Promise<VisualGuardResult> {
    return this.#post(this.#grant());
  }

  /** The second request: it chooses a method. For a link it stays open until the user clicks. */
  choose(method: Method, person: Credentials, signal?: AbortSignal): Promise<VisualGuardResult> {
    const timeout = method.kind === 'link' ? LINK_TIMEOUT : undefined;
    return this.#post({ ...this.#grant(), ...this.#step(method, person) }, { timeout, signal, trace: person.trace });
  }

  /** The third request: it sends the code. It is the second one if the method needs no request of its own. */
  submit(method: Method, person: Credentials, code: string): Promise<VisualGuardResult> {
    const form = { ...this.#grant(), ...this.#step(method, person), MFASecureCode: code };
    return this.#post(form, { trace: person.trace });
  }

  /** RFC 6749 6. Without a scope, the scope stays the same. @param before the token that is renewed */
  refresh(refreshToken: string, before: Pick<Token, 'scope' | 'VGToken'>): Promise<VisualGuardResult> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    return this.#post(form, { before });
  }

  /** RFC 7009. @returns whether the server accepted the request. It need not have this endpoint */
  async revoke(refreshToken: string): Promise<boolean> {
    const reply = await this.rotation.send(
      (settings) => {
        const url = new URL(settings.tokenUrl);
        url.pathname = url.pathname.replace(/\/token$/i, '/revocation');
        const form = { ...clientOf(settings), token: refreshToken, token_type_hint: 'refresh_token' };
        return this.transport.send({ url: url.href, form, mayFollowClose: true });
      },
      ({ status, body }) => (status === 401 || body?.oneOf('error', INVALID_CLIENT) ? 'client-invalid' : 'accepted'),
    );
    return reply.status === 200;
  }

  #grant(): Record<string, string> {
    return {
      ...(this.#scope.length > 0 ? { scope: this.#scope.join(' ') } : {}),
      grant_type: 'VGAuthenticator',
      VGAuthenticationModule: this.settings.identity.module,
    };
  }

  #step(method: Method, { user, password }: Credentials): Record<string, string> {
    const { mfaCredentials } = this;
    return {
      AuthenticationRequestId: method.requestId,
      ...(method.availableId ? { MFAAvailableId: method.availableId } : {}),
      ...(mfaCredentials === 'none' ? {} : { Username: user }),
      ...(mfaCredentials === 'username+password' && !this.passwordless ? { Password: password } : {}),
    };
  }

  /** @param fields those of the form, without the client's */
  #post(fields: Record<string, string>, sending: Sending = {}): Promise<VisualGuardResult> {
    return this.rotation.send(
      (settings) => this.#send(settings.tokenUrl, { ...clientOf(settings), ...fields }, sending),
      ({ refusal }) => (refusal?.reason === 'client-invalid' ? 'client-invalid' : 'accepted'),
    );
  }

  async #send(
    url: string,
    form: Record<string, string>,
    { timeout, signal, trace, before }: Sending,
  ): Promise<VisualGuardResult> {
    const traces = trace ? [trace] : undefined;
    const request: FormRequest = { url, form, timeout, signal, traces };
    const reply = await this.transport.send(request);
    return readSettled(this.transport, reply, () => this.#read(reply, form, { trace, before }), kindOf);
  }

  /** @throws AuthError if the response is invalid */
  #read(reply: HttpResponse, form: Record<string, string>, { trace, before }: Sending): VisualGuardResult {
    const isRedirect = reply.status >= 300 && reply.status < 400;
    const reading = reply.body && !isRedirect ? readVisualGuardReply(reply.body) : undefined;
    // Later steps may not have the password of the login, which an unknown name could contain.
    if (reading && form.Password === undefined) keepKnownNames(reading);
    if (reading && reading.accessToken === '') return { reading, isInvalidGrant: isInvalidGrant(reply) };
    const answer = this.#readAnswer(reply, this.#knowsSecrets(form, trace));
    if (answer.refused) return { refusal: answer.refused };
    return { grant: this.#readGrant(answer, reply, reading, before), reading };
  }

  /** Whether all secrets that the server has received are known. The password of a session is not kept. */
  #knowsSecrets(form: Readonly<Record<string, string>>, trace: SecretTrace | undefined): boolean {
    const { grant_type, Username, Password, AuthenticationRequestId } = form;
    if (Password !== undefined || this.passwordless) return true;
    if (grant_type === 'refresh_token') return false;
    const isOfNobody = Username === undefined && AuthenticationRequestId === undefined;
    return isOfNobody || trace?.isEmpty === false;
  }

  /** @throws AuthError, with the time of the next try if a busy server named one */
  #readAnswer(reply: HttpResponse, mayQuote: boolean): TokenEndpointResult {
    try {
      const answer = readTokenResponse(reply, { host: this.transport.host, isForUser: true, mayQuote });
      // Some names of states show whether a user exists.
      if (answer.refused && reply.body && isDescribedByStates(reply.body)) delete answer.refused.errorDescription;
      return answer;
    } catch (thrown) {
      throw withRetryAfter(thrown, reply, this.#clock.now());
    }
  }

  #readGrant(
    answer: { granted: ReplyObject; accessToken: string },
    reply: HttpResponse,
    reading: VisualGuardResponse | undefined,
    before: Sending['before'],
  ): Grant {
    const details = {
      scope: before?.scope ?? this.#scope,
      isRefresh: before !== undefined,
      VGToken: reading?.VGToken || before?.VGToken,
    };
    const token = grantedToken(answer, reply, details, this.#clock);
    return { token, refreshToken: answer.granted.token('refresh_token'), reading };
  }
}

function clientOf({ clientId, clientSecret }: VisualGuardSettings): Record<string, string> {
  return { client_id: clientId, ...(clientSecret ? { client_secret: clientSecret } : {}) };
}

/** The parts of a request besides its form. */
interface Sending {
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The trace of the password of the sign-in, if the form does not have it. */
  trace?: SecretTrace | undefined;
  /** The token that is renewed. */
  before?: Pick<Token, 'scope' | 'VGToken'> | undefined;
}

/** The next step of a challenge is not a refusal: most sign-ins with a code have two such responses. */
function kindOf({ grant, reading }: VisualGuardResult): TokenRequestOutcome {
  if (grant) return 'token';
  return reading && setsChallenge(reading) && reading.blocking.length === 0 ? 'challenge' : 'refused';
}

function isInvalidGrant({ body }: HttpResponse): boolean {
  return body?.oneOf('error', INVALID_GRANT) !== undefined;
}

const INVALID_GRANT: ReadonlySet<string> = new Set(['invalid_grant']);
const INVALID_CLIENT: ReadonlySet<string> = new Set(['invalid_client']);

/** The ends of an address that are left out: the discovery document, `/connect` and `/connect/token`. */
const ENDPOINTS = /\/(?:\.well-known\/openid-configuration|connect(?:\/token)?)$/i;

/**
 * The token endpoint of a server. The address may have any path, and may itself be that of the token endpoint, of
 * `/connect` or of the discovery document.
 *
 * @param url an address from `readAddress`; it is not changed
 */
export function tokenEndpointOf(url: URL): URL {
  const endpoint = new URL(url.href);
  endpoint.search = '';
  const path = withoutTrailingSlashes(withoutTrailingSlashes(endpoint.pathname).replace(ENDPOINTS, ''));
  endpoint.pathname = `${path}/connect/token`;
  return endpoint;
}

/** The client id that is sent: `<application id>_<platform>`. A complete client id is left unchanged. */
export function clientIdOf(applicationId: string, platform: string): string {
  const id = applicationId.trim();
  return /_(WebApp|SPA|Native|Service)$/i.test(id) || platform.trim() === '' ? id : `${id}_${platform.trim()}`;
}

/** @throws AuthError `AUTH_CONFIG`, naming what is missing */
export function checkVisualGuardSettings(settings: VisualGuardSettings, applicationId: string): void {
  if (applicationId.trim() === '') throw new AuthError('property-missing', { property: 'applicationId' });
  if (settings.module.trim() === '') throw new AuthError('property-missing', { property: 'module' });
  if (!['none', 'username', 'username+password'].includes(settings.mfaCredentials)) {
    throw new AuthError('config-value-unknown', { property: 'mfaCredentials' });
  }
}

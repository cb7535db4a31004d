import type { Clock } from '../../core/clock.ts';
import { AuthError } from '../../core/errors.ts';
import type { SecretTrace } from '../../http/echoes.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import type { FormRequest, HttpResponse, Transport } from '../../http/transport.ts';
import { createToken, lifetimeOf, type Token } from '../../oauth/token.ts';
import {
  type OAuthError,
  readScope,
  readTokenResponse,
  splitScope,
  type TokenEndpointResult,
  withRetryAfter,
} from '../../oauth/token-endpoint.ts';
import type { Method } from './methods.ts';
import { isDescribedByStates, keepKnownNames, readVisualGuardReply, type VisualGuardResponse } from './reply.ts';

/** A pending link is waited for this long, in ms: the server's own limit is 300 s. */
const LINK_TIMEOUT = 330_000;

/** All scopes that Visual Guard documents, spelt as its server spells them (PROTOCOL.md: requests). */
export const FULL_SCOPE =
  'openid profile VGActivityDate VGApplications VGDeveloper VGIsApproved VGIsLocked VGPermissions VGProfile VGRoles VGToken offline_access IdentityServerApi';

/** A connection to a VG Identity Server. */
export interface VisualGuardSettings {
  /** The whole address of the token endpoint. */
  tokenUrl: string;
  /** `<application id>_<platform>` */
  clientId: string;
  /** Empty for a public client. */
  clientSecret: string;
  scope: string;
  /** `VGUser`, `WindowsByCredential`, `Passwordless`, or any text that a server may know. */
  module: string;
  /** What is sent along with the steps of a challenge. */
  mfaCredentials: 'none' | 'username' | 'username+password';
  /** The stored user; empty where there is none. */
  username: string;
  password: string;
}

/** A sign-in or refresh that worked. */
export interface Grant {
  token: Token;
  /** Empty where the server gave none. */
  refreshToken: string;
  reading: VisualGuardResponse | undefined;
}

/** What came of a request. Faults are thrown. */
export type VisualGuardResult =
  | { grant: Grant; reading?: VisualGuardResponse | undefined; refusal?: never }
  /** Visual Guard says where the sign-in stands. */
  | { reading: VisualGuardResponse; isInvalidGrant: boolean; grant?: never; refusal?: never }
  /** The token endpoint said no, without a Visual Guard state. */
  | { refusal: OAuthError; grant?: never; reading?: never };

/** Who signs in. The password is empty where the module takes none. */
export interface Credentials {
  user: string;
  password: string;
  /** Of the password of the login, where the steps after it do not know that any more. */
  trace?: SecretTrace | undefined;
}

/** The requests of Visual Guard's dialect (PROTOCOL.md: requests, challenges). None of them is ever repeated by itself. */
export class VisualGuardWire {
  readonly transport: Transport;
  /** Private, so that nothing that prints a node prints a secret. */
  readonly #settings: VisualGuardSettings;
  readonly #clock: Clock;
  readonly #scope: readonly string[];

  constructor(settings: VisualGuardSettings, transport: Transport, clock: Clock) {
    this.#settings = settings;
    this.transport = transport;
    this.#clock = clock;
    this.#scope = splitScope(settings.scope);
  }

  get tokenUrl(): string {
    return this.#settings.tokenUrl;
  }

  /** What is sent along with the steps of a challenge. */
  get mfaCredentials(): VisualGuardSettings['mfaCredentials'] {
    return this.#settings.mfaCredentials;
  }

  /** The stored user; a name or password that is not stored is empty. */
  get stored(): Credentials {
    return { user: this.#settings.username, password: this.#settings.password };
  }

  /** Whether the module signs in by a user name alone. */
  get passwordless(): boolean {
    return this.#settings.module.trim().toLowerCase() === 'passwordless';
  }

  login({ user, password }: Credentials): Promise<VisualGuardResult> {
    return this.#post({ ...this.#grant(), Username: user, ...(this.passwordless ? {} : { Password: password }) });
  }

  /** A login that names nobody: no account can come to harm, and the server says whether it knows client, grant and scope. */
  loginOfNobody(): Promise<VisualGuardResult> {
    return this.#post(this.#grant());
  }

  /** The second request: choose a way. For a link it stays open until the person has clicked. */
  choose(method: Method, person: Credentials, signal?: AbortSignal): Promise<VisualGuardResult> {
    const timeout = method.kind === 'link' ? LINK_TIMEOUT : undefined;
    return this.#post({ ...this.#grant(), ...this.#step(method, person) }, { timeout, signal, trace: person.trace });
  }

  /** The third request: the code. It may also be the second, where the way was not announced before. */
  submit(method: Method, person: Credentials, code: string): Promise<VisualGuardResult> {
    const form = { ...this.#grant(), ...this.#step(method, person), MFASecureCode: code };
    return this.#post(form, { trace: person.trace });
  }

  /** RFC 6749 6. The scope is left out, so it stays what it was. @param before the token that is renewed */
  refresh(refreshToken: string, before: Pick<Token, 'scope' | 'VGToken'>): Promise<VisualGuardResult> {
    const form = { ...this.#client(), grant_type: 'refresh_token', refresh_token: refreshToken };
    return this.#post(form, { before });
  }

  /** RFC 7009. @returns whether the server took it; a server without that endpoint does not. */
  async revoke(refreshToken: string): Promise<boolean> {
    const url = new URL(this.#settings.tokenUrl);
    url.pathname = url.pathname.replace(/\/token$/i, '/revocation');
    const reply = await this.transport.send({
      url: url.href,
      form: { ...this.#client(), token: refreshToken, token_type_hint: 'refresh_token' },
    });
    return reply.status === 200;
  }

  #client(): Record<string, string> {
    const { clientId, clientSecret } = this.#settings;
    return { client_id: clientId, ...(clientSecret ? { client_secret: clientSecret } : {}) };
  }

  #grant(): Record<string, string> {
    return {
      ...this.#client(),
      ...(this.#scope.length > 0 ? { scope: this.#scope.join(' ') } : {}),
      grant_type: 'VGAuthenticator',
      VGAuthenticationModule: this.#settings.module,
    };
  }

  #step(method: Method, { user, password }: Credentials): Record<string, string> {
    const { mfaCredentials } = this.#settings;
    return {
      AuthenticationRequestId: method.requestId,
      ...(method.availableId ? { MFAAvailableId: method.availableId } : {}),
      ...(mfaCredentials === 'none' ? {} : { Username: user }),
      ...(mfaCredentials === 'username+password' && !this.passwordless ? { Password: password } : {}),
    };
  }

  async #post(
    form: Record<string, string>,
    { timeout, signal, trace, before }: Sending = {},
  ): Promise<VisualGuardResult> {
    const traces = trace ? [trace] : undefined;
    const request: FormRequest = { url: this.#settings.tokenUrl, form, timeout, signal, traces };
    const reply = await this.transport.send(request);
    const isRedirect = reply.status >= 300 && reply.status < 400;
    const reading = reply.body && !isRedirect ? readVisualGuardReply(reply.body) : undefined;
    // A later step need not carry the password that the login did.
    if (reading && form.Password === undefined) keepKnownNames(reading);
    if (reading && reading.accessToken === '') return { reading, isInvalidGrant: isInvalidGrant(reply) };
    const answer = this.#readAnswer(reply, this.#knowsSecrets(form, trace));
    if (answer.refused) return { refusal: answer.refused };
    return { grant: this.#readGrant(answer, reply, reading, before), reading };
  }

  /** Whether the password of the sign-in is known, so that it cannot come back. Of a session, nobody knows it any more. */
  #knowsSecrets(form: Readonly<Record<string, string>>, trace: SecretTrace | undefined): boolean {
    const { grant_type, Username, Password, AuthenticationRequestId } = form;
    if (Password !== undefined || this.passwordless) return true;
    if (grant_type === 'refresh_token') return false;
    const isOfNobody = Username === undefined && AuthenticationRequestId === undefined;
    return isOfNobody || trace?.isEmpty === false;
  }

  /** @throws AuthError, with the time that a busy server asked for: whoever comes back by itself waits for that */
  #readAnswer(reply: HttpResponse, mayQuote: boolean): TokenEndpointResult {
    try {
      const answer = readTokenResponse(reply, { host: this.transport.host, isForUser: true, mayQuote });
      // Names of states are for the states alone: some tell whether a user exists.
      if (answer.refused && reply.body && isDescribedByStates(reply.body)) delete answer.refused.errorDescription;
      return answer;
    } catch (thrown) {
      throw withRetryAfter(thrown, reply, this.#clock.now());
    }
  }

  #readGrant(
    { granted, accessToken }: { granted: ReplyObject; accessToken: string },
    reply: HttpResponse,
    reading: VisualGuardResponse | undefined,
    before: Sending['before'],
  ): Grant {
    const token = createToken(
      {
        accessToken,
        sentAt: reply.sentAt,
        lifetime: lifetimeOf(granted.number('expires_in'), accessToken),
        ...readScope(granted, before?.scope ?? this.#scope, before !== undefined),
        VGToken: reading?.VGToken || before?.VGToken,
      },
      this.#clock,
    );
    return { token, refreshToken: granted.token('refresh_token'), reading };
  }
}

/** What a request has besides its form. */
interface Sending {
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Of the password of the sign-in, if the form does not carry it. */
  trace?: SecretTrace | undefined;
  /** The token that is renewed. */
  before?: Pick<Token, 'scope' | 'VGToken'>;
}

function isInvalidGrant({ body }: HttpResponse): boolean {
  return body?.oneOf('error', INVALID_GRANT) !== undefined;
}

const INVALID_GRANT: ReadonlySet<string> = new Set(['invalid_grant']);

/**
 * The address of the token endpoint from what a person pasted: with or without `/connect/token`, under any path.
 *
 * @param url an address that was checked
 */
export function tokenEndpointOf(url: URL): URL {
  const endpoint = new URL(url.href);
  endpoint.search = '';
  const path = endpoint.pathname.replace(/\/+$/, '');
  endpoint.pathname = /\/connect\/token$/i.test(path) ? path : `${path}/connect/token`;
  return endpoint;
}

/** The client id that is sent: `<application id>_<platform>`. A whole client id pasted in is left as it is. */
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

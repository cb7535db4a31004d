import type { Cancel, Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import { ReplaceableTransport } from '../http/switchable-transport.ts';
import type { FormRequest, Transport } from '../http/transport.ts';
import { CountedTransport, Metrics } from '../oauth/metrics.ts';
import { createToken, lifetimeOf, type Token } from '../oauth/token.ts';
import { MOST_TRIES, readScope, sendWithRetries, splitScope } from '../oauth/token-endpoint.ts';
import { tokenRecords } from '../oauth/token-record.ts';
import { type Renewal, type SourceState, type TokenResult, TokenSource } from '../oauth/token-source.ts';
import { connectionDigest } from '../store/connection.ts';
import { type Coordinator, contentOf, type Found, type SharedRecord } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';

/** The token endpoint of VGS, for sandbox and live alike. */
export const VGS_TOKEN_URL = 'https://auth.verygoodsecurity.com/auth/realms/vgs/protocol/openid-connect/token';

/** A service account of VGS (PROTOCOL.md; RFC 6749 4.4). */
export interface VgsSettings {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Separated by spaces. Empty: what the account has by default; scopes marked `optional` come only when asked for. */
  scope: string;
  /** Where client id and secret are sent. VGS takes both; its documents use the body. */
  clientAuth: 'body' | 'header';
}

/** A VGS service account and the one token that all who use it share. */
export class VgsAccount {
  readonly source: TokenSource;
  readonly changes = new Listeners<SourceState>();
  readonly transport: ReplaceableTransport;
  readonly metrics = new Metrics();
  readonly #metered: Transport;
  #state: SourceState = { at: 'idle' };
  readonly #settings: VgsSettings;
  readonly #scope: readonly string[];
  readonly #clock: Clock;
  readonly #record: SharedRecord<Token>;
  readonly #unwatch: Cancel;

  /** @param coordinator with whom the token is shared; by default with nobody outside this process */
  constructor(
    settings: VgsSettings,
    transport: Transport,
    clock: Clock,
    coordinator: Coordinator = new LocalCoordinator(clock),
  ) {
    this.#settings = settings;
    this.#scope = splitScope(settings.scope);
    this.transport = new ReplaceableTransport(transport);
    this.#clock = clock;
    this.#metered = new CountedTransport(this.transport, settings.tokenUrl, this.metrics, clock);
    const { host } = transport;
    this.#record = coordinator.record(tokenRecords('token', host, clock), connectionDigest(settings));
    this.source = new TokenSource({
      counts: this.metrics.counts,
      renew: (isUrgent) => this.#renew(isUrgent),
      clock,
      host,
      changed: (state) => {
        this.#state = state;
        this.changes.tell(state);
      },
    });
    this.#unwatch = this.#record.watch((found) => {
      const token = this.#betterOf(found);
      if (token && token !== this.source.token) this.source.adopt(token);
      return undefined;
    });
  }

  /** Where the account stands, for showing. */
  get state(): SourceState {
    return this.#state;
  }

  /** A token, or the server's refusal, or a fault. It waits 30 s at most. */
  ask(): Promise<TokenResult> {
    return this.source.ask();
  }

  close(): void {
    this.#unwatch();
    this.transport.close();
  }

  /** The token that another replica got, or one that this request gets for all of them. A second one does no harm. */
  #renew(isUrgent: boolean): ReturnType<Renewal> {
    return this.#record.update<Awaited<ReturnType<Renewal>>>({
      settle: (found) => {
        const token = this.#betterOf(found);
        return token && { token };
      },
      run: async (_found, lock) => {
        const result = await this.#request(isUrgent);
        if (result.token && result.token.expiresAt > this.#clock.now()) lock.write(result.token);
        return result;
      },
    });
  }

  #betterOf(found: Found<Token>): Token | undefined {
    const token = contentOf(found);
    return token && this.source.betterOf(token);
  }

  async #request(isUrgent: boolean): ReturnType<Renewal> {
    const request = clientCredentials(this.#settings, this.#scope);
    const tries = isUrgent ? MOST_TRIES : 1;
    const { answer, reply } = await sendWithRetries(this.#metered, request, this.#clock, tries);
    if (answer.refused) {
      this.metrics.tell({ what: 'refused', reason: answer.refused.reason });
      return { refused: answer.refused };
    }
    const { granted, accessToken } = answer;
    const scopes = readScope(granted, this.#scope);
    const lifetime = lifetimeOf(granted.number('expires_in'), accessToken);
    const token = createToken({ accessToken, sentAt: reply.sentAt, lifetime, ...scopes }, this.#clock);
    this.metrics.tell({ what: 'sign-in' });
    return { token };
  }
}

/** The request of RFC 6749 4.4.2. */
export function clientCredentials(settings: VgsSettings, scope: readonly string[]): FormRequest {
  const { tokenUrl: url, clientId, clientSecret, clientAuth } = settings;
  const form = { grant_type: 'client_credentials', ...(scope.length > 0 ? { scope: scope.join(' ') } : {}) };
  if (clientAuth === 'header') return { url, form, basic: { clientId, clientSecret } };
  return { url, form: { client_id: clientId, client_secret: clientSecret, ...form } };
}

/** @throws AuthError `AUTH_CONFIG`, naming what is missing */
export function checkVgsSettings(settings: VgsSettings): void {
  if (settings.clientId === '') throw new AuthError('property-missing', { property: 'clientId' });
  if (settings.clientSecret === '') throw new AuthError('property-missing', { property: 'clientSecret' });
  if (settings.clientAuth !== 'body' && settings.clientAuth !== 'header') {
    throw new AuthError('config-value-unknown', { property: 'clientAuth' });
  }
}

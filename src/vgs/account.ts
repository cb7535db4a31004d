import { AuthError } from '../errors.ts';
import { Listeners } from '../listeners.ts';
import { Meter, MeteredTransport } from '../meter.ts';
import { connectionDigest } from '../store/connection.ts';
import { type Coordinator, contentOf, type Found, type SharedRecord } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';
import { tokenRecords } from '../store/token-record.ts';
import type { Cancel, System } from '../system.ts';
import { createToken, lifetimeOf, type Token } from '../token.ts';
import { askRepeatedly, MOST_TRIES, readScope, splitScope } from '../token-endpoint.ts';
import { type Asked, type Renewal, type SourceState, TokenSource } from '../token-source.ts';
import { ReplaceableTransport } from '../transport/replaceable.ts';
import type { FormRequest, Transport } from '../transport/transport.ts';

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
  readonly meter = new Meter();
  readonly #metered: Transport;
  #state: SourceState = { at: 'idle' };
  readonly #settings: VgsSettings;
  readonly #scope: readonly string[];
  readonly #system: System;
  readonly #record: SharedRecord<Token>;
  readonly #unwatch: Cancel;

  /** @param coordinator with whom the token is shared; by default with nobody outside this process */
  constructor(
    settings: VgsSettings,
    transport: Transport,
    system: System,
    coordinator: Coordinator = new LocalCoordinator(system),
  ) {
    this.#settings = settings;
    this.#scope = splitScope(settings.scope);
    this.transport = new ReplaceableTransport(transport);
    this.#system = system;
    this.#metered = new MeteredTransport(this.transport, settings.tokenUrl, this.meter, system);
    const { host } = transport;
    this.#record = coordinator.record(tokenRecords('token', host, system), connectionDigest(settings));
    this.source = new TokenSource({
      counts: this.meter.counts,
      renew: (isUrgent) => this.#renew(isUrgent),
      system,
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
  ask(): Promise<Asked> {
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
        if (result.token && result.token.expiresAt > this.#system.now()) lock.write(result.token);
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
    const { answer, reply } = await askRepeatedly(this.#metered, request, this.#system, tries);
    if (answer.refused) {
      this.meter.tell({ what: 'refused', reason: answer.refused.reason });
      return { refused: answer.refused };
    }
    const { granted, accessToken } = answer;
    const scopes = readScope(granted, this.#scope);
    const lifetime = lifetimeOf(granted.number('expires_in'), accessToken);
    const token = createToken({ accessToken, sentAt: reply.sentAt, lifetime, ...scopes }, this.#system);
    this.meter.tell({ what: 'sign-in' });
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

import { AuthError } from '../errors.ts';
import { Listeners } from '../listeners.ts';
import { Meter, MeteredTransport } from '../meter.ts';
import { connectionDigest } from '../store/connection.ts';
import { SharedToken } from '../store/shared-token.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';
import { createToken, lifetimeOf } from '../token.ts';
import { askRepeatedly, MOST_TRIES, readScope, splitScope } from '../token-endpoint.ts';
import { type Asked, type Renewal, type SourceState, TokenSource } from '../token-source.ts';
import { ReplaceableTransport } from '../transport/replaceable.ts';
import { type FormRequest, type Transport, withoutEcho } from '../transport/transport.ts';

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
  #shared: SharedToken | undefined;

  /** @param store where the token is shared and kept; without one it stays in this process */
  constructor(settings: VgsSettings, transport: Transport, system: System, store?: Store) {
    this.#settings = settings;
    this.#scope = splitScope(settings.scope);
    this.transport = new ReplaceableTransport(transport);
    this.#system = system;
    this.#metered = new MeteredTransport(this.transport, settings.tokenUrl, this.meter, system);
    this.source = new TokenSource({
      counts: this.meter.counts,
      renew: (isUrgent) => {
        const request = (): ReturnType<Renewal> => this.#request(isUrgent);
        return this.#shared?.renew(request) ?? request();
      },
      system,
      host: transport.host,
      changed: (state) => {
        this.#state = state;
        this.changes.tell(state);
      },
    });
    if (!store) return;
    const name = `token ${connectionDigest(settings)}`;
    this.#shared = new SharedToken(store, name, this.source, { system, host: transport.host });
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
    this.#shared?.close();
    this.transport.close();
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
    const scopes = readScope(granted.scope, this.#scope, (word) => withoutEcho(word, request));
    const lifetime = lifetimeOf(granted.expires_in, accessToken);
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

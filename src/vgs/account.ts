import type { Cancel, Clock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import type { Reason } from '../core/reasons.ts';
import { connectionDigest } from '../core/settings-digest.ts';
import { type ClientSettings, SharedSettings, type Sourced } from '../core/settings-source.ts';
import { ReplaceableTransport } from '../http/switchable-transport.ts';
import type { FormRequest, Transport } from '../http/transport.ts';
import { AccountStates, accountStateOf } from '../oauth/account-state.ts';
import { ClientRotation, type ClientVerdict } from '../oauth/client-rotation.ts';
import { grantedToken } from '../oauth/granted-token.ts';
import { CountedTransport, Metrics } from '../oauth/metrics.ts';
import type { Token } from '../oauth/token.ts';
import { MOST_TRIES, sendWithRetries, splitScope } from '../oauth/token-endpoint.ts';
import { tokenRecords } from '../oauth/token-record.ts';
import { type Renewal, type SourceState, type TokenResult, TokenSource } from '../oauth/token-source.ts';
import { type Coordinator, contentOf, type Found, REMOVED, type SharedRecord } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';

/** The token endpoint of VGS, for sandbox and live. */
export const VGS_TOKEN_URL = 'https://auth.verygoodsecurity.com/auth/realms/vgs/protocol/openid-connect/token';

/** A service account of VGS (PROTOCOL.md; RFC 6749 4.4). */
export interface VgsSettings extends ClientSettings {
  /** Separated by spaces. Empty: the default scopes; scopes marked `optional` are granted only if they are requested. */
  scope: string;
  /** Where client ID and secret are sent. VGS accepts both; its documentation uses the body. */
  clientAuth: 'body' | 'header';
}

/** A VGS service account and its token, which all users of the account share. */
export class VgsAccount {
  readonly source: TokenSource;
  readonly changes = new Listeners<SourceState>();
  readonly transport: ReplaceableTransport;
  readonly metrics = new Metrics();
  /** For operators: the state of the account, and its changes. */
  readonly states: AccountStates;
  readonly rotation: ClientRotation<VgsSettings>;
  readonly #transport: Transport;
  #state: SourceState = { at: 'idle' };
  readonly #scope: readonly string[];
  readonly #clock: Clock;
  readonly #record: SharedRecord<Token>;
  readonly #unwatch: Cancel;

  /** @param coordinator shares the token with other replicas; by default it stays in this process */
  constructor(
    settings: Sourced<VgsSettings>,
    transport: Transport,
    clock: Clock,
    coordinator: Coordinator = new LocalCoordinator(clock),
  ) {
    const shared = new SharedSettings(settings);
    const { identity } = shared;
    this.rotation = new ClientRotation(shared);
    this.#scope = splitScope(identity.scope);
    this.transport = new ReplaceableTransport(transport);
    this.#clock = clock;
    this.states = new AccountStates(clock);
    this.#transport = new CountedTransport(this.transport, this.metrics, clock);
    this.#record = coordinator.record(tokenRecords('token', transport.host, clock), connectionDigest(identity));
    const way = this.transport;
    this.source = new TokenSource({
      metrics: this.metrics,
      renew: (isUrgent) => this.#renew(isUrgent),
      get settings() {
        return shared.known;
      },
      changedSince: (settings) => this.rotation.changedSince(settings as VgsSettings | undefined),
      clock,
      get host() {
        return way.host;
      },
      changed: (state) => {
        this.#state = state;
        this.states.become(accountStateOf(state));
        this.changes.tell(state);
      },
    });
    this.#unwatch = this.#record.watch((found) => {
      const token = this.#betterOf(found);
      if (token && token !== this.source.token) this.source.adopt(token);
      return undefined;
    });
  }

  /** The state of the token source, for showing. */
  get state(): SourceState {
    return this.#state;
  }

  /** Gets a token, the server's refusal, or an error. It waits 30 s at most, and never rejects. */
  ask(): Promise<TokenResult> {
    return this.source.ask();
  }

  /** The server's name: host and port. */
  get host(): string {
    return this.transport.host;
  }

  /** Forgets the token, for other replicas too. */
  async forget(): Promise<void> {
    const { unexpired } = this.source;
    this.source.clear();
    if (unexpired) this.metrics.tell({ what: 'sign-out' });
    await this.#record.end(REMOVED);
  }

  close(): void {
    this.#unwatch();
    this.source.close();
    this.transport.close();
  }

  /** Takes the token that another replica got, or gets one for all replicas. */
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
    const tries = isUrgent ? MOST_TRIES : 1;
    const { answer, reply } = await this.rotation.send(
      (settings) => sendWithRetries(this.#transport, clientCredentials(settings, this.#scope), this.#clock, tries),
      ({ answer: { refused } }) => (refused ? verdictOf(refused.reason) : 'accepted'),
    );
    if (answer.refused) {
      this.metrics.tell({ what: 'refused', reason: answer.refused.reason });
      return { refused: answer.refused };
    }
    const token = grantedToken(answer, reply, { scope: this.#scope }, this.#clock);
    this.metrics.tell({ what: 'sign-in' });
    return { token };
  }
}

/** The verdict of a refusal on the client. VGS has no users, so any refusal concerns the account. */
function verdictOf(reason: Reason): ClientVerdict {
  return reason === 'client-invalid' ? 'client-invalid' : 'refused';
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
  if (settings.clientSecret.trim() === '') throw new AuthError('property-missing', { property: 'clientSecret' });
  if (settings.clientAuth !== 'body' && settings.clientAuth !== 'header') {
    throw new AuthError('config-value-unknown', { property: 'clientAuth' });
  }
}

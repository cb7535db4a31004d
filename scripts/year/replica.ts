import type { ClientSettings, SettingsSource } from '../../src/core/settings-source.ts';
import { Engine, type Reference } from '../../src/engine/engine.ts';
import type { VgsAccount } from '../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { ReplicaStore, type Shared } from '../../test/support/replica-store.ts';
import { SETTINGS } from '../../test/support/visual-guard.ts';
import type { IdentityServer } from './identity-server.ts';
import type { YearClock } from './year-clock.ts';

const VGS = {
  tokenUrl: 'https://identity.example/token',
  clientId: 'client',
  clientSecret: '',
  scope: '',
  clientAuth: 'body',
} as const;

/** The client secret in a vault, which all processes read. */
export interface Vault {
  secret: string;
}

/** The result of a message: a token, the server's refusal, an output for a human, or an error. */
export type MessageResult = 'token' | 'refused' | 'needed' | 'failed';

/** One of several processes, which share a store. */
export class Replica {
  readonly name: string;
  readonly #store: ReplicaStore;
  readonly #engine: Engine;
  readonly #account: Reference<VgsAccount>;
  readonly #server: Reference<VisualGuardServer>;
  readonly #vgs: IdentityServer;
  readonly #vg: IdentityServer;

  constructor(name: string, clock: YearClock, shared: Shared, { vgs, vg }: Servers, vault: Vault) {
    this.name = name;
    this.#vgs = vgs;
    this.#vg = vg;
    this.#engine = new Engine(100, clock);
    this.#store = new ReplicaStore(shared, clock);
    const account = new LazyVault({ ...VGS }, vault);
    const server = new LazyVault({ ...SETTINGS }, vault);
    this.#account = this.#engine.holdAccount(account, vgs.transport(name), '', this.#store);
    this.#server = this.#engine.holdServer(server, vg.transport(name), '', this.#store);
  }

  /** A message that gets a token of the service account. @returns synchronously if there is a valid one, like `attach bearer` */
  vgsMessage(): MessageResult | Promise<MessageResult> {
    const account = this.#account.value;
    const token = account.source.current();
    if (token) return this.#vgs.accepts(token.accessToken) ? 'token' : 'refused';
    return account.ask().then((result) => {
      if (result.token) return this.#vgs.accepts(result.token.accessToken) ? 'token' : 'refused';
      return result.refused ? 'refused' : 'failed';
    });
  }

  /** A message that gets a token of the stored user. */
  vgMessage(): MessageResult | Promise<MessageResult> {
    const server = this.#server.value;
    const token = server.storedSession?.source.current();
    if (token) return this.#vg.accepts(token.accessToken) ? 'token' : 'refused';
    return server.tokenOfStored(false).then(
      (answer) => {
        if (answer.token) return this.#vg.accepts(answer.token.accessToken) ? 'token' : 'refused';
        return answer.needed ? 'needed' : 'refused';
      },
      () => 'failed',
    );
  }

  /** Clears the records of the test's own store about calls. */
  tidy(): void {
    this.#store.asked.length = 0;
  }

  /** Stops, like a Node-RED that gets SIGTERM. */
  stop(): void {
    this.#account.giveBack();
    this.#server.giveBack();
    this.#engine.sweep();
    this.#store.close();
    this.#vgs.forget(this.name);
    this.#vg.forget(this.name);
  }
}

/** The two identity servers. */
export interface Servers {
  vgs: IdentityServer;
  vg: IdentityServer;
}

/** Settings with a secret from a vault, which is called again only when the server has refused the secret. */
class LazyVault<S extends ClientSettings> implements SettingsSource<S> {
  readonly identity: S;
  readonly hasNext = false;
  known: S | undefined;
  readonly #vault: Vault;

  constructor(settings: S, vault: Vault) {
    this.identity = { ...settings, clientSecret: '$VAULT' };
    this.#vault = vault;
  }

  async ask(isUrgent = false): Promise<S> {
    if (isUrgent || !this.known) this.known = { ...this.identity, clientSecret: this.#vault.secret };
    return this.known;
  }
}

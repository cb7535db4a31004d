import type { SettingsSource } from '../../src/core/settings-source.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { FakeSystem, settle } from './fake-system.ts';
import { MemoryStore } from './memory-store.ts';
import { OneTimeGuard } from './one-time-guard.ts';
import { ReplicaStore, type Shared } from './replica-store.ts';
import { ScriptedTransport } from './scripted-transport.ts';
import { SETTINGS } from './visual-guard.ts';

/** One of several processes. */
export interface Replica {
  engine: Engine;
  server: VisualGuardServer;
  transport: ScriptedTransport;
  store: ReplicaStore;
}

/** Replicas that share a store, a Visual Guard server with single-use refresh tokens, and time. */
export class Fleet implements Shared {
  readonly system = new FakeSystem();
  readonly guard = new OneTimeGuard();
  memory = new MemoryStore(this.system);

  /** Starts another replica. The common server answers requests that are not in its script. */
  replica(
    settings: Partial<VisualGuardSettings> | SettingsSource<VisualGuardSettings> = {},
    maxSessions = 100,
  ): Replica {
    const engine = new Engine(maxSessions, this.system);
    const transport = new ScriptedTransport(this.system);
    transport.otherwise = ({ form }) => this.guard.answer(form);
    const store = new ReplicaStore(this, this.system);
    const server = engine.holdServer(
      'ask' in settings ? settings : { ...SETTINGS, ...settings },
      transport,
      '',
      store,
    ).value;
    return { engine, server, transport, store };
  }

  replicas(count: number, settings: Partial<VisualGuardSettings> = {}): Replica[] {
    return Array.from({ length: count }, () => this.replica(settings));
  }

  /** Makes the store available again, but empty, to the replicas that had lost it. */
  async comeBackEmpty(...replicas: Replica[]): Promise<void> {
    this.memory = new MemoryStore(this.system);
    for (const { store } of replicas) await store.comeBack();
    await this.told();
  }

  /** Delivers all notifications. */
  async told(): Promise<void> {
    for (let round = 0; round < 10; round += 1) await settle();
  }
}

export const SERVICE = { username: 'service', password: 'service-password' };
export const ANNA = { user: 'anna', password: 'anna-password' };

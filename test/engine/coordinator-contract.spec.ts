import { ContextStore } from '../../src/store/context.ts';
import { LocalCoordinator } from '../../src/store/local-coordinator.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { ContextFiles } from '../support/context-files.ts';
import { coordinates } from '../support/coordinator-contract.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ReplicaStore } from '../support/replica-store.ts';
import { keyringOf } from '../support/stores.ts';
import '../support/rejections.ts';

coordinates('in one process', {
  async open(replicas) {
    const coordinator = new LocalCoordinator(new FakeSystem());
    return Array.from({ length: replicas }, () => coordinator);
  },
  end: async () => undefined,
});

coordinates('of replicas in one process, as the tests of sharing use it', {
  async open(replicas) {
    const system = new FakeSystem();
    const shared = { memory: new MemoryStore(system) };
    return Array.from({ length: replicas }, () => new StoreCoordinator(new ReplicaStore(shared, system), system));
  },
  end: async () => undefined,
});

const opened: { store: ContextStore; files: ContextFiles }[] = [];

coordinates('over a context store', {
  async open(replicas) {
    const system = new FakeSystem();
    const files = new ContextFiles();
    const store = new ContextStore(await files.open(), keyringOf(), 'context file', system);
    opened.push({ store, files });
    const coordinator = new StoreCoordinator(store, system);
    return Array.from({ length: replicas }, () => coordinator);
  },
  async end() {
    for (const { store, files } of opened.splice(0)) {
      store.close();
      await files.end();
    }
  },
});

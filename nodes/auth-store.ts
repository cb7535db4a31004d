import type { NodeAPI, NodeDef } from 'node-red';
import { nameOfTarget } from '../src/store/redis-address.ts';
import type { KeptStore } from '../src/store/store.ts';
import { CATALOGUE } from './shared/catalogue.ts';
import { holdConnection, registerConfigNode } from './shared/config/config-node.ts';
import type { ConnectionNode } from './shared/config/connection-node.ts';
import { Fields } from './shared/config/fields.ts';
import { checkSecrets, STORE_SECRETS } from './shared/config/secret-owner.ts';
import { contextKindOf, isShort, meansOf, readStore, STORE_CREDENTIALS } from './shared/config/store-settings.ts';
import { storeRoutes } from './shared/dialog/admin-routes.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

/** What was said once is not said again with every deploy. */
const warned = new WeakSet<KeptStore>();

/** The config node `auth-store`: where sessions, challenges and tokens are kept over a restart, or shared by several Node-REDs. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AuthStoreNode(this: ConnectionNode<KeptStore>, config: NodeDef & { tls?: string }): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    let context: string | undefined;
    let isShortKey = false;
    holdConnection(RED, this, config, () => {
      const fields = new Fields(RED, this, config);
      const settings = readStore(fields);
      if (settings.kind === 'redis') checkSecrets(STORE_SECRETS, fields, nameOfTarget(settings));
      const { means, via } = meansOf(RED, this, settings, config.tls);
      isShortKey = isShort(settings.encryptionKey);
      if (settings.kind === 'context') context = settings.context;
      return { connection: engine.holdStore(settings, means, via), practice: undefined };
    });
    const store = this.connection;
    if (!store) {
      if (this.problem) status.misconfigured(this.problem);
      return;
    }
    status.store(store.state);
    const unfollow = store.changes.add((state) => status.store(state));
    const unwatch = store.unreadable.add(() => this.warn(say('store.unreadable', { host: store.host })));
    this.on('close', () => {
      unfollow();
      unwatch();
    });
    if (warned.has(store)) return;
    warned.add(store);
    if (isShortKey) this.warn(say('store.short-key', { host: store.host }));
    if (context === undefined) return;
    const { survives, window } = contextKindOf(RED.settings, context);
    if (!survives) this.warn(say('store.not-kept', { host: store.host }));
    else if (window) this.log(say('store.window', { host: store.host, seconds: String(window) }));
  }

  function say(key: string, values: Record<string, string>): string {
    return RED._(CATALOGUE + key, values) as string;
  }

  registerConfigNode(RED, 'auth-store', AuthStoreNode, STORE_CREDENTIALS);
  storeRoutes(RED, engine);
}

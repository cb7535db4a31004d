import type { NodeAPI, NodeDef } from 'node-red';
import type { FaultValues } from '../../src/core/faults.ts';
import type { SettingsSource } from '../../src/core/settings-source.ts';
import type { StoreSettings } from '../../src/store/open.ts';
import { nameOfTarget } from '../../src/store/redis-address.ts';
import type { DurableStore, StoreState } from '../../src/store/store.ts';
import { textOf } from '../shared/catalogue.ts';
import { reportStore } from '../shared/changes/store-log.ts';
import { holdConnection, registerConfigNode } from '../shared/config/config-node.ts';
import { ConfigNodeProperties } from '../shared/config/config-node-properties.ts';
import type { ConnectionNode } from '../shared/config/connection-node.ts';
import { STORE_CREDENTIALS } from '../shared/config/credentials.ts';
import { settingsFromOutside } from '../shared/config/node-settings.ts';
import { outsideValuesOf } from '../shared/config/outside-values.ts';
import { checkSecrets, STORE_SECRETS } from '../shared/config/secret-owner.ts';
import { reportSettings } from '../shared/config/source-report.ts';
import { contextKindOf, isShort, meansOf, readStore } from '../shared/config/store-settings.ts';
import { createNode } from '../shared/create-node.ts';
import { storeRoutes } from '../shared/dialog/admin-routes.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';

/** How long a renewal that is under way may delay a stop of Node-RED or a deploy of the node, in ms. Node-RED gives up after 15 s. */
const LONGEST_CLOSE = 10_000;

/** The stores with a written warning, which is not repeated with every deploy. */
const warned = new WeakSet<DurableStore>();

/** The config node `auth-store`: keeps sessions, challenges and tokens over a restart, or shares them between Node-RED instances. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AuthStoreNode(this: ConnectionNode<DurableStore>, config: NodeDef & { tls?: string }): void {
    createNode(RED, this, config);
    let context: string | undefined;
    let key = '';
    let source: SettingsSource<StoreSettings> | undefined;
    holdConnection(RED, this, config, () => {
      const fields = new ConfigNodeProperties(RED, this, config, outsideValuesOf(RED, this));
      const settings = readStore(fields.names);
      source = settingsFromOutside(RED, this, fields, readStore, { identity: settings, hasNext: false });
      const host = settings.kind === 'redis' ? nameOfTarget(settings) : `context ${settings.context || 'default'}`;
      if (settings.kind === 'redis') checkSecrets(STORE_SECRETS, fields, host);
      const { means, via } = meansOf(RED, this, this, settings, config.tls);
      key = settings.encryptionKey;
      if (settings.kind === 'context') context = settings.context;
      const outside = (fields.outside?.all ?? []).map(({ standIn }) => standIn).join();
      const changing = source && { ask: async () => (source as SettingsSource<StoreSettings>).ask(), host };
      return {
        connection: engine.holdStore(settings, means, `${via} ${outside}`.trim(), changing),
        practice: undefined,
      };
    });
    const store = this.connection;
    if (!store) return;
    const status = new StatusLine(RED, this, engine.clock);
    reportStore(RED, this, status, store);
    // Without settings the store is unavailable from the start, and the status shows why.
    const hasSettings = (state: StoreState): boolean => state.at !== 'gone' || !state.cause.startsWith('AUTH_');
    const show = (state: StoreState): void => {
      if (hasSettings(state)) status.store(state);
    };
    show(store.state);
    const isFirst = !warned.has(store);
    warned.add(store);
    const warnIfShort = (encryptionKey: string): void => {
      if (isFirst && isShort(encryptionKey)) this.warn(say('store.short-key', { host: store.host }));
    };
    const changing = source;
    if (changing) reportSettings(RED, this, status, changing, () => warnIfShort(changing.known?.encryptionKey ?? ''));
    else warnIfShort(key);
    const unfollow = store.changes.add(show);
    const unwatch = store.unreadable.add(() => this.warn(say('store.unreadable', { host: store.host })));
    this.on('close', (done: () => void) => {
      unfollow();
      unwatch();
      const rest = engine.finish(store, LONGEST_CLOSE);
      if (rest) void rest.then(done);
      else done();
    });
    if (!isFirst || context === undefined) return;
    const { survives, window } = contextKindOf(RED.settings, context);
    if (!survives) this.warn(say('store.not-kept', { host: store.host }));
    else if (window) this.log(say('store.window', { host: store.host, seconds: window }));
  }

  function say(key: string, values: FaultValues): string {
    return textOf(RED, key, values);
  }

  registerConfigNode(RED, 'auth-store', AuthStoreNode, STORE_CREDENTIALS);
  storeRoutes(RED, engine);
}

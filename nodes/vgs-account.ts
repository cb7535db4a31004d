import type { NodeAPI, NodeDef } from 'node-red';
import { flawOf } from '../src/core/secret-flaw.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import { readAccount } from '../src/vgs/settings.ts';
import { holdConnection, registerConfigNode, storeOf } from './shared/config/config-node.ts';
import type { ConnectionNode } from './shared/config/connection-node.ts';
import { Fields } from './shared/config/fields.ts';
import { accountFollower } from './shared/config/followers.ts';
import { connectTo, type RouteConfig } from './shared/config/route.ts';
import { ACCOUNT_SECRETS, checkSecrets } from './shared/config/secret-owner.ts';
import { accountRoutes } from './shared/dialog/admin-routes.ts';
import { observe } from './shared/observe.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

/** What it keeps secret (`password`), and what it shows (`text`). */
const CREDENTIALS = {
  clientId: { type: 'text' },
  clientSecret: { type: 'password' },
  secretFor: { type: 'text' },
} as const;

/** The config node `vgs-account`: a service account of VGS. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsAccountNode(
    this: ConnectionNode<VgsAccount>,
    config: NodeDef & RouteConfig & { byName?: boolean; store?: string },
  ): void {
    RED.nodes.createNode(this, config);
    holdConnection(RED, this, config, () => {
      const fields = new Fields(RED, this, config);
      const { settings, address } = readAccount(fields);
      const practice = fields.flag('practice');
      if (!practice) checkSecrets(ACCOUNT_SECRETS, fields, address.host);
      const store = storeOf(RED, this, config.store);
      const way = connectTo(RED, engine, { ...config, practice }, address);
      const flaw = flawOf(settings.clientSecret) ?? flawOf(settings.clientId);
      return {
        connection: engine.holdAccount(settings, way.transport, way.via, store),
        practice: way.practice,
        flaws: { 'client-invalid': flaw, 'credentials-invalid': flaw },
      };
    });
    const account = this.connection;
    if (!account) return;
    const status = new StatusLine(RED, this, engine.clock);
    status.isPractice = this.isPractice;
    status.flaws = this.flaws;
    observe(RED, this, account.metrics, status);
    this.on('close', accountFollower(status)(account));
  }

  registerConfigNode(RED, 'vgs-account', VgsAccountNode, CREDENTIALS);
  accountRoutes(RED, engine);
}

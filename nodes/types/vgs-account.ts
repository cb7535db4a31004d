import type { NodeAPI, NodeDef } from 'node-red';
import { flawOf } from '../../src/core/secret-flaw.ts';
import type { VgsAccount } from '../../src/vgs/account.ts';
import { readAccount } from '../../src/vgs/settings.ts';
import { holdConnection, registerConfigNode, storeOf } from '../shared/config/config-node.ts';
import { ConfigNodeProperties } from '../shared/config/config-node-properties.ts';
import type { ConnectionNode } from '../shared/config/connection-node.ts';
import { ACCOUNT_CREDENTIALS } from '../shared/config/credentials.ts';
import { accountFollower } from '../shared/config/followers.ts';
import { flawsOf, hostOf, settingsOf } from '../shared/config/node-settings.ts';
import { outsideValuesOf } from '../shared/config/outside-values.ts';
import { connectTo, type RouteConfig } from '../shared/config/route.ts';
import { ACCOUNT_SECRETS, checkSecrets } from '../shared/config/secret-owner.ts';
import { reportSource } from '../shared/config/source-report.ts';
import { observe } from '../shared/connection-reporting.ts';
import { createNode } from '../shared/create-node.ts';
import { accountRoutes } from '../shared/dialog/admin-routes.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';

/** The config node `vgs-account`: a service account of VGS. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsAccountNode(
    this: ConnectionNode<VgsAccount>,
    config: NodeDef & RouteConfig & { byName?: boolean; store?: string },
  ): void {
    createNode(RED, this, config);
    holdConnection(RED, this, config, () => {
      const fields = new ConfigNodeProperties(RED, this, config, outsideValuesOf(RED, this));
      const { source, address, isPractice: practice } = settingsOf(RED, this, fields, readAccount, 'tokenUrl');
      if (!practice) checkSecrets(ACCOUNT_SECRETS, fields, hostOf(address));
      const store = storeOf(RED, this, config.store);
      const route = connectTo(RED, engine, this, { ...config, practice }, address);
      return {
        connection: engine.holdAccount(source, route.transport, route.via, store),
        practice: route.practice,
        flaws: flawsOf(source, ({ clientId, clientSecret }) => {
          const flaw = flawOf(clientSecret) ?? flawOf(clientId);
          return { 'client-invalid': flaw, 'credentials-invalid': flaw };
        }),
      };
    });
    const account = this.connection;
    if (!account) return;
    const status = new StatusLine(RED, this, engine.clock);
    status.isPractice = this.isPractice;
    status.flaws = this.flaws;
    reportSource(RED, this, status, account.rotation);
    observe(RED, this, account, status);
    this.on('close', accountFollower(status)(account));
  }

  registerConfigNode(RED, 'vgs-account', VgsAccountNode, ACCOUNT_CREDENTIALS);
  accountRoutes(RED, engine);
}

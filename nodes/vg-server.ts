import type { NodeAPI, NodeDef } from 'node-red';
import { flawOf } from '../src/core/secret-flaw.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { readServer } from '../src/visual-guard/settings.ts';
import { holdConnection, registerConfigNode, storeOf } from './shared/config/config-node.ts';
import type { ConnectionNode } from './shared/config/connection-node.ts';
import { Fields } from './shared/config/fields.ts';
import { storedUserFollower } from './shared/config/followers.ts';
import { connectTo, type RouteConfig } from './shared/config/route.ts';
import { checkSecrets, SERVER_SECRETS } from './shared/config/secret-owner.ts';
import { addServer } from './shared/config/servers-in-reach.ts';
import { serverRoutes } from './shared/dialog/admin-routes.ts';
import { observe } from './shared/observe.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

/** What it keeps secret (`password`), and what it shows (`text`). */
const CREDENTIALS = {
  clientSecret: { type: 'password' },
  username: { type: 'text' },
  password: { type: 'password' },
  secretFor: { type: 'text' },
  passwordFor: { type: 'text' },
} as const;

/** The config node `vg-server`: a VG Identity Server, and perhaps a stored user. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgServerNode(
    this: ConnectionNode<VisualGuardServer>,
    config: NodeDef & RouteConfig & { byName?: boolean; store?: string },
  ): void {
    RED.nodes.createNode(this, config);
    holdConnection(RED, this, config, () => {
      const fields = new Fields(RED, this, config);
      const { settings, address } = readServer(fields);
      const practice = fields.flag('practice');
      if (!practice) checkSecrets(SERVER_SECRETS, fields, address.host);
      const store = storeOf(RED, this, config.store);
      const way = connectTo(RED, engine, { ...config, practice }, address);
      return {
        connection: engine.holdServer(settings, way.transport, way.via, store),
        practice: way.practice,
        flaws: { 'client-invalid': flawOf(settings.clientSecret), 'credentials-invalid': flawOf(settings.password) },
      };
    });
    if (!this.connection) return;
    addServer(RED, this);
    const status = new StatusLine(RED, this, engine.clock);
    status.isPractice = this.isPractice;
    status.flaws = this.flaws;
    observe(RED, this, this.connection.metrics, status);
    this.on('close', storedUserFollower(status)(this.connection));
  }

  registerConfigNode(RED, 'vg-server', VgServerNode, CREDENTIALS);
  serverRoutes(RED, engine);
}

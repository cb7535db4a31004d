import type { Node, NodeAPI, NodeDef } from 'node-red';
import { flawOf } from '../../src/core/secret-flaw.ts';
import type { SettingsReader } from '../../src/core/settings-reader.ts';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { readServer } from '../../src/visual-guard/settings.ts';
import { afterEachStart } from '../shared/after-start.ts';
import { holdConnection, registerConfigNode, storeOf } from '../shared/config/config-node.ts';
import { ConfigNodeProperties } from '../shared/config/config-node-properties.ts';
import type { ConnectionNode } from '../shared/config/connection-node.ts';
import { SERVER_CREDENTIALS } from '../shared/config/credentials.ts';
import { storedUserFollower } from '../shared/config/followers.ts';
import { flawsOf, hostOf, settingsOf } from '../shared/config/node-settings.ts';
import { outsideValuesOf } from '../shared/config/outside-values.ts';
import { connectTo, type RouteConfig } from '../shared/config/route.ts';
import { placeOf } from '../shared/config/running-flow.ts';
import { checkSecrets, SERVER_SECRETS } from '../shared/config/secret-owner.ts';
import { addServer } from '../shared/config/servers-in-reach.ts';
import { reportSource } from '../shared/config/source-report.ts';
import { observe } from '../shared/connection-reporting.ts';
import { createNode } from '../shared/create-node.ts';
import { serverRoutes } from '../shared/dialog/admin-routes.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';

/**
 * Config nodes with equal settings share a connection, and with it all sessions. An equal client secret proves that they
 * belong together. Without one, anybody could copy the settings into another flow, so the place of the config node
 * counts, too. A stored password proves nothing about the sessions of other users.
 */
function separated(settings: VisualGuardSettings, node: Node): VisualGuardSettings {
  return settings.clientSecret.trim() === '' ? { ...settings, place: placeOf(node) } : settings;
}

/** The config node `vg-server`: a VG Identity Server, and optionally a stored user. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgServerNode(
    this: ConnectionNode<VisualGuardServer>,
    config: NodeDef & RouteConfig & { byName?: boolean; store?: string },
  ): void {
    createNode(RED, this, config);
    let keepsAlive = false;
    holdConnection(RED, this, config, () => {
      const fields = new ConfigNodeProperties(RED, this, config, outsideValuesOf(RED, this));
      keepsAlive = fields.flag('keepAlive', true);
      const read = (from: SettingsReader): VisualGuardSettings => separated(readServer(from), this);
      const { source, address, isPractice: practice } = settingsOf(RED, this, fields, read, 'url');
      if (!practice) checkSecrets(SERVER_SECRETS, fields, hostOf(address));
      const store = storeOf(RED, this, config.store);
      const route = connectTo(RED, engine, this, { ...config, practice, user: source.known?.username }, address);
      return {
        connection: engine.holdServer(source, route.transport, route.via, store),
        practice: route.practice,
        flaws: flawsOf(source, ({ clientSecret, password }) => ({
          'client-invalid': flawOf(clientSecret),
          'credentials-invalid': flawOf(password),
        })),
      };
    });
    if (!this.connection) return;
    if (keepsAlive) keepAliveWhileUsed(RED, this, this.connection);
    addServer(RED, this);
    const status = new StatusLine(RED, this, engine.clock);
    status.isPractice = this.isPractice;
    status.flaws = this.flaws;
    reportSource(RED, this, status, this.connection.wire.rotation);
    const { connection: server } = this;
    const { metrics, states } = server;
    observe(RED, this, { metrics, states, user: () => server.storedCredentials?.user }, status);
    this.on('close', storedUserFollower(status)(this.connection));
  }

  registerConfigNode(RED, 'vg-server', VgServerNode, SERVER_CREDENTIALS);
  serverRoutes(RED, engine);
}

/** Keeps the stored user's session alive while a node of the flows uses the server. */
function keepAliveWhileUsed(RED: NodeAPI, node: ConnectionNode<VisualGuardServer>, server: VisualGuardServer): void {
  let release: (() => void) | undefined;
  const adapt = (): void => {
    const isUsed = Object.keys(node.users).length > 0;
    if (isUsed) release ??= server.keepAlive.hold();
    else {
      release?.();
      release = undefined;
    }
  };
  afterEachStart(RED, node, adapt);
  node.gainedUser = adapt;
  node.on('close', () => release?.());
}

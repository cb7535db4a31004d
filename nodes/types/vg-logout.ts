import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { ConfigReference } from '../shared/config/config-reference.ts';
import { ConfigStatus } from '../shared/config/config-status-follower.ts';
import { NodeSetup } from '../shared/config/flow-node-config.ts';
import { noFollower } from '../shared/config/followers.ts';
import { createNode } from '../shared/create-node.ts';
import { SERVER_REFERENCE, USER } from '../shared/flow-node-properties.ts';
import { onInput } from '../shared/input.ts';
import { type Auth, byOutput } from '../shared/msg-auth.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';
import { findUser, readUser, storedCredentials, userSetting } from '../shared/user.ts';

const PROPERTIES = { ...SERVER_REFERENCE, ...USER };

/** The node `VG logout`: ends all sessions of a user, or one by its handle, here and as far as the server can. Output: signed out. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgLogoutNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup(status, config, PROPERTIES, (properties) => {
      const setting = userSetting(properties);
      const servers = new ConfigReference<VisualGuardServer>(RED, this, properties, 'server');
      if (setting.type === 'stored' && servers.fixed)
        storedCredentials(servers.fixed.connection, servers.fixed.lostCredentials);
      return { setting, servers };
    });
    const shown = new ConfigStatus(this, status, engine.clock, setup.value?.servers, noFollower(status));

    onInput(
      RED,
      this,
      async (msg, send) => {
        const { setting, servers } = setup.get();
        const serverNode = await servers.resolve(msg);
        const server = serverNode.connection;
        shown.show(serverNode);
        const byHandle = setting.type === 'session';
        const { user, session } = await (byHandle ? findUser : readUser)(RED, this, server, setting, msg);
        status.busy('signing-out');
        const revoked = byHandle ? await server.signOut(session, user) : (await server.signOutUser(user)).revoked;
        const auth: Auth = { system: 'vg', state: 'signed-out', ...(user ? { user } : {}), revoked };
        msg.auth = auth;
        shown.show(serverNode);
        status.done('signed-out');
        send(byOutput(0, msg));
      },
      (error) => setup.failed(error),
    );
  }

  RED.nodes.registerType('vg-logout', VgLogoutNode);
}

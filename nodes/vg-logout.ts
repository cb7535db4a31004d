import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { ConfigReference, type ReferenceConfig } from './shared/config/config-reference.ts';
import { ConfigStatus } from './shared/config/config-status.ts';
import { noFollower } from './shared/config/followers.ts';
import { NodeSetup } from './shared/config/node-setup.ts';
import { onInput } from './shared/input.ts';
import { type Auth, byOutput } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { soughtUser, storedPerson, userSetting } from './shared/user.ts';

interface VgLogoutConfig extends NodeDef, ReferenceConfig {
  user?: string;
  userType?: string;
}

/** The node `VG logout`: ends a session, here and as far as the server can. Output: signed out. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgLogoutNode(this: Node, config: VgLogoutConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setting = userSetting(config);
    const servers = new NodeSetup(status, () => {
      const reference = new ConfigReference<VisualGuardServer>(RED, this, config, 'server');
      if (setting.type === 'stored' && reference.fixed)
        storedPerson(reference.fixed.connection, reference.fixed.lostCredentials);
      return reference;
    });
    const shown = new ConfigStatus(this, status, engine.clock, servers.value, noFollower(status));

    onInput(
      RED,
      this,
      async (msg, send) => {
        const chosen = await servers.get().resolve(msg);
        const server = chosen.connection;
        shown.show(chosen);
        const { user, session } = await soughtUser(RED, this, server, setting, msg);
        status.busy('signing-out');
        const revoked = await server.signOut(session, user);
        const auth: Auth = { system: 'vg', state: 'signed-out', ...(user ? { user } : {}), revoked };
        msg.auth = auth;
        shown.show(chosen);
        status.done('signed-out');
        send(byOutput(0, msg));
      },
      (error) => servers.failed(error),
    );
  }

  RED.nodes.registerType('vg-logout', VgLogoutNode);
}

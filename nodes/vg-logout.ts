import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asAuthError } from '../src/errors.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { connectionOf } from './shared/config-node.ts';
import { onInput } from './shared/input.ts';
import { type Auth, byOutput } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { meantUser, storedPerson, userSetting } from './shared/user.ts';

interface VgLogoutConfig extends NodeDef {
  server?: string;
  user?: string;
  userType?: string;
}

/** The node `VG logout`: ends a session, here and as far as the server can. Output: signed out. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgLogoutNode(this: Node, config: VgLogoutConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    const setting = userSetting(config);
    let server: VisualGuardServer | undefined;
    let problem = asAuthError(undefined);
    try {
      const { connection, node } = connectionOf<VisualGuardServer>(RED, this, config.server, 'server', 'vg-server');
      status.isPractice = node.isPractice;
      if (setting.type === 'stored') storedPerson(connection);
      server = connection;
      status.idle();
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }

    onInput(
      RED,
      this,
      async (msg, send) => {
        if (!server) throw problem;
        const { user, session } = await meantUser(RED, this, server, setting, msg);
        status.busy('signing-out');
        const revoked = await server.signOut(session, user);
        const auth: Auth = { system: 'vg', state: 'signed-out', ...(user ? { user } : {}), revoked };
        msg.auth = auth;
        status.done('signed-out');
        send(byOutput(0, msg));
      },
      (error) => (server ? status.failed(error) : status.misconfigured(error)),
    );
  }

  RED.nodes.registerType('vg-logout', VgLogoutNode);
}

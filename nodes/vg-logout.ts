import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { type ChoiceConfig, ConfigChoice } from './shared/config/config-choice.ts';
import { ConfigUser } from './shared/config/config-user.ts';
import { followNothing } from './shared/config/follow-nothing.ts';
import { onInput } from './shared/input.ts';
import { type Auth, byOutput } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { soughtUser, storedPerson, userSetting } from './shared/user.ts';

interface VgLogoutConfig extends NodeDef, ChoiceConfig {
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
    const open = (): ConfigChoice<VisualGuardServer> => {
      const choice = new ConfigChoice<VisualGuardServer>(RED, this, config, 'server', 'vg-server');
      if (setting.type === 'stored' && choice.fixed) storedPerson(choice.fixed.connection);
      return choice;
    };
    const servers = new ConfigUser(RED, this, status, open, () => followNothing(status));

    onInput(
      RED,
      this,
      async (msg, send) => {
        const chosen = await servers.of(msg);
        const server = chosen.connection;
        servers.shown.show(chosen);
        const { user, session } = await soughtUser(RED, this, server, setting, msg);
        status.busy('signing-out');
        const revoked = await server.signOut(session, user);
        const auth: Auth = { system: 'vg', state: 'signed-out', ...(user ? { user } : {}), revoked };
        msg.auth = auth;
        servers.shown.show(chosen);
        status.done('signed-out');
        send(byOutput(0, msg));
      },
      (error) => servers.failed(error),
    );
  }

  RED.nodes.registerType('vg-logout', VgLogoutNode);
}

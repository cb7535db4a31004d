import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { VgsAccount } from '../src/vgs/account.ts';
import { ConfigReference, type ReferenceConfig } from './shared/config/config-reference.ts';
import { ConfigStatus } from './shared/config/config-status.ts';
import { accountFollower } from './shared/config/followers.ts';
import { NodeSetup } from './shared/config/node-setup.ts';
import { deleteProperty } from './shared/delete-property.ts';
import { onInput } from './shared/input.ts';
import { authOfRefusal, authOfVgsToken, byOutput, setToken, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

interface VgsTokenConfig extends NodeDef, ReferenceConfig {
  property?: string;
}

/** The node `get VGS token`: puts the account's token on the message. Outputs: token, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsTokenNode(this: Node, config: VgsTokenConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup(status, () => ({
      property: tokenProperty(config),
      accounts: new ConfigReference<VgsAccount>(RED, this, config, 'account'),
    }));
    const property = setup.value?.property ?? 'token';
    const shown = new ConfigStatus(this, status, engine.clock, setup.value?.accounts, accountFollower(status));

    onInput(
      RED,
      this,
      async (msg, send) => {
        deleteProperty(RED, msg, property);
        const { accounts } = setup.get();
        const account = accounts.current(msg) ?? (await accounts.resolve(msg));
        shown.used(account);
        const { token, refused, failed } = await account.connection.ask();
        if (failed) {
          shown.show(account);
          throw failed;
        }
        if (refused) {
          msg.auth = authOfRefusal('vgs', refused);
          send(byOutput(1, msg));
          return;
        }
        setToken(RED, msg, property, token);
        msg.auth = authOfVgsToken(token);
        send(byOutput(0, msg));
      },
      (error) => setup.failed(error),
    );
  }

  RED.nodes.registerType('vgs-token', VgsTokenNode);
}

import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { VgsAccount } from '../src/vgs/account.ts';
import { type ChoiceConfig, ConfigChoice } from './shared/config/config-choice.ts';
import { ConfigUser } from './shared/config/config-user.ts';
import { followAccount } from './shared/config/follow-account.ts';
import { deleteProperty } from './shared/delete-property.ts';
import { onInput } from './shared/input.ts';
import { authOfRefusal, authOfVgsToken, byOutput, setToken, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

interface VgsTokenConfig extends NodeDef, ChoiceConfig {
  property?: string;
}

/** The node `get VGS token`: puts the account's token on the message. Outputs: token, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsTokenNode(this: Node, config: VgsTokenConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    let property = 'token';
    const open = (): ConfigChoice<VgsAccount> => {
      property = tokenProperty(config);
      return new ConfigChoice(RED, this, config, 'account', 'vgs-account');
    };
    const accounts = new ConfigUser(RED, this, status, open, (account) => followAccount(account, status));

    onInput(
      RED,
      this,
      async (msg, send) => {
        deleteProperty(RED, msg, property);
        const account = accounts.current(msg) ?? (await accounts.of(msg));
        accounts.shown.used(account);
        const { token, refused, failed } = await account.connection.ask();
        if (failed) {
          accounts.shown.show(account);
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
      (error) => accounts.failed(error),
    );
  }

  RED.nodes.registerType('vgs-token', VgsTokenNode);
}

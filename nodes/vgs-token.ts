import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asAuthError } from '../src/errors.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import { connectionOf } from './shared/config-node.ts';
import { onInput } from './shared/input.ts';
import { authOfRefusal, authOfVgsToken, byOutput, deleteProperty, setToken, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

interface VgsTokenConfig extends NodeDef {
  account?: string;
  property?: string;
}

/** The node `get VGS token`: puts the account's token on the message. Outputs: token, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsTokenNode(this: Node, config: VgsTokenConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    let property = 'token';
    let account: VgsAccount | undefined;
    let problem = asAuthError(undefined);
    try {
      property = tokenProperty(config);
      const { connection, node } = connectionOf<VgsAccount>(RED, this, config.account, 'account', 'vgs-account');
      account = connection;
      status.isPractice = node.isPractice;
      status.source(account.state);
      this.on(
        'close',
        account.changes.add((state) => status.source(state)),
      );
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }

    onInput(
      RED,
      this,
      async (msg, send) => {
        deleteProperty(RED, msg, property);
        if (!account) throw problem;
        const { token, refused, failed } = await account.ask();
        if (failed) throw failed;
        if (refused) {
          msg.auth = authOfRefusal('vgs', refused);
          send(byOutput(1, msg));
          return;
        }
        setToken(RED, msg, property, token);
        msg.auth = authOfVgsToken(token);
        send(byOutput(0, msg));
      },
      (error) => (account ? status.failed(error) : status.misconfigured(error)),
    );
  }

  RED.nodes.registerType('vgs-token', VgsTokenNode);
}

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asAuthError } from '../src/errors.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import { type ChoiceConfig, ConfigChoice } from './shared/config-choice.ts';
import { followAccount } from './shared/follow-account.ts';
import { onInput } from './shared/input.ts';
import { authOfRefusal, authOfVgsToken, byOutput, deleteProperty, setToken, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { ShownConfig } from './shared/shown-config.ts';
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
    let accounts: ConfigChoice<VgsAccount> | undefined;
    let problem = asAuthError(undefined);
    try {
      property = tokenProperty(config);
      accounts = new ConfigChoice<VgsAccount>(RED, this, config, 'account', 'vgs-account');
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }
    const isNamed = accounts !== undefined && !accounts.fixed;
    const shown = new ShownConfig<VgsAccount>(this, status, engine.system, isNamed, (account) =>
      followAccount(account, status),
    );
    if (accounts?.fixed) shown.show(accounts.fixed);

    onInput(
      RED,
      this,
      async (msg, send) => {
        deleteProperty(RED, msg, property);
        if (!accounts) throw problem;
        const account = accounts.current(msg) ?? (await accounts.of(msg));
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
      (error) => (accounts ? status.failed(error) : status.misconfigured(error)),
    );
  }

  RED.nodes.registerType('vgs-token', VgsTokenNode);
}

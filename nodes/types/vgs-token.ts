import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { VgsAccount } from '../../src/vgs/account.ts';
import { ConfigReference, type OpenNode } from '../shared/config/config-reference.ts';
import { ConfigStatus } from '../shared/config/config-status-follower.ts';
import { NodeSetup } from '../shared/config/flow-node-config.ts';
import { accountFollower } from '../shared/config/followers.ts';
import { createNode } from '../shared/create-node.ts';
import { deleteProperty } from '../shared/delete-property.ts';
import { ACCOUNT_REFERENCE, text } from '../shared/flow-node-properties.ts';
import { inputListener } from '../shared/input.ts';
import { authOfRefusal, authOfVgsToken, byOutput, replaceToken, setToken, tokenProperty } from '../shared/msg-auth.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';

const PROPERTIES = { ...ACCOUNT_REFERENCE, property: text() };

/** The node `get VGS token`: puts the token of a service account on the message. Outputs: token, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsTokenNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup(status, config, PROPERTIES, (properties) => ({
      property: tokenProperty(properties),
      accounts: new ConfigReference<VgsAccount>(RED, this, properties, 'account'),
    }));
    const property = setup.value?.property ?? 'token';
    const shown = new ConfigStatus(this, status, engine.clock, setup.value?.accounts, accountFollower(status));

    const onSlowPath = inputListener(
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
        send(msg);
      },
      (error) => setup.failed(error),
    );

    // Nearly every message takes this path: there is a valid token, and no step is asynchronous.
    this.on('input', (msg, send, done) => {
      const account = accountOf(setup.value?.accounts, msg);
      const token = account?.connection.source.current();
      if (!account || !token || !replaceToken(msg, property, token)) {
        onSlowPath(msg, send, done);
        return;
      }
      shown.used(account);
      msg.auth = authOfVgsToken(token);
      send(msg);
      done();
    });
  }

  RED.nodes.registerType('vgs-token', VgsTokenNode);
}

/** The config node that a message uses. The slow path finds and reports the reason if there is none. */
function accountOf(
  accounts: ConfigReference<VgsAccount> | undefined,
  msg: NodeMessage,
): OpenNode<VgsAccount> | undefined {
  try {
    return accounts?.current(msg);
  } catch {
    return undefined;
  }
}

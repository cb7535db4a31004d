import type { NodeAPI, NodeDef } from 'node-red';
import { PRACTICE_PASSWORD } from '../src/practice/people.ts';
import { PRACTICE_VGS_URL } from '../src/practice/server.ts';
import { readAddress } from '../src/transport/address.ts';
import { checkVgsSettings, VGS_TOKEN_URL, type VgsAccount, type VgsSettings } from '../src/vgs/account.ts';
import { type ConnectionNode, holdConnection, registerConfigNode } from './shared/config-node.ts';
import { Fields } from './shared/fields.ts';
import { type RouteConfig, wayOf } from './shared/route.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';

interface VgsAccountConfig extends NodeDef, RouteConfig {
  tokenUrl?: string;
  scope?: string;
  clientAuth?: string;
  insecureHttp?: boolean;
}

/** The config node `vgs-account`: a service account of VGS. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgsAccountNode(this: ConnectionNode<VgsAccount>, config: VgsAccountConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    holdConnection(this, () => {
      const settings = readSettings(new Fields(RED, this, config), config.practice === true);
      checkVgsSettings(settings);
      const address = readAddress(settings.tokenUrl, 'tokenUrl', config.insecureHttp === true);
      const { transport, via, practice } = wayOf(RED, engine, config, address);
      return { connection: engine.holdAccount(settings, transport, via), practice };
    });
    const account = this.connection;
    if (!account) return;
    status.isPractice = this.isPractice;
    this.on(
      'close',
      account.changes.add((state) => status.source(state)),
    );
  }

  function readSettings(fields: Fields, practice: boolean): VgsSettings {
    const clientAuth = fields.text('clientAuth', 'body') as VgsSettings['clientAuth'];
    const scope = fields.text('scope');
    const clientId = fields.credential('clientId').trim();
    const clientSecret = fields.credential('clientSecret');
    if (!practice)
      return { tokenUrl: fields.text('tokenUrl', VGS_TOKEN_URL), clientId, clientSecret, scope, clientAuth };
    return {
      tokenUrl: PRACTICE_VGS_URL,
      clientId: clientId || 'practice',
      clientSecret: clientSecret || PRACTICE_PASSWORD,
      scope,
      clientAuth,
    };
  }

  registerConfigNode(RED, 'vgs-account', VgsAccountNode, {
    clientId: { type: 'text' },
    clientSecret: { type: 'password' },
  });
}

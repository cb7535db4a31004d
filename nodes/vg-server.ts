import type { NodeAPI, NodeDef } from 'node-red';
import { PRACTICE_PASSWORD } from '../src/practice/people.ts';
import { PRACTICE_VG_URL } from '../src/practice/server.ts';
import { readAddress } from '../src/transport/address.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import {
  checkVisualGuardSettings,
  clientIdOf,
  FULL_SCOPE,
  tokenEndpointOf,
  type VisualGuardSettings,
} from '../src/visual-guard/wire.ts';
import { type ConnectionNode, holdConnection, registerConfigNode } from './shared/config-node.ts';
import { Fields } from './shared/fields.ts';
import { type RouteConfig, wayOf } from './shared/route.ts';
import { engineOf } from './shared/runtime.ts';

interface VgServerConfig extends NodeDef, RouteConfig {
  url?: string;
  applicationId?: string;
  platform?: string;
  scope?: string;
  module?: string;
  mfaCredentials?: string;
  insecureHttp?: boolean;
}

/** The config node `vg-server`: a VG Identity Server, and perhaps a stored user. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgServerNode(this: ConnectionNode<VisualGuardServer>, config: VgServerConfig): void {
    RED.nodes.createNode(this, config);
    holdConnection(this, () => {
      const fields = new Fields(RED, this, config);
      const isPractice = config.practice === true;
      const url = isPractice ? PRACTICE_VG_URL : fields.text('url');
      const address = tokenEndpointOf(readAddress(url, 'url', config.insecureHttp === true));
      const applicationId =
        fields.text('applicationId', isPractice ? 'practice' : '') || (isPractice ? 'practice' : '');
      const settings = readSettings(fields, address, applicationId, isPractice);
      checkVisualGuardSettings(settings, applicationId);
      const { transport, via, practice } = wayOf(RED, engine, config, address);
      return { connection: engine.holdServer(settings, transport, via), practice };
    });
  }

  function readSettings(fields: Fields, address: URL, applicationId: string, isPractice: boolean): VisualGuardSettings {
    const username = fields.credential('username');
    const password = fields.credential('password');
    return {
      tokenUrl: address.href,
      clientId: clientIdOf(applicationId, fields.text('platform', 'Native')),
      clientSecret: fields.credential('clientSecret'),
      scope: fields.text('scope', FULL_SCOPE),
      module: fields.text('module', 'VGUser'),
      mfaCredentials: fields.text('mfaCredentials', 'none') as VisualGuardSettings['mfaCredentials'],
      username: username || (isPractice ? 'practice' : ''),
      password: password || (isPractice ? PRACTICE_PASSWORD : ''),
    };
  }

  registerConfigNode(RED, 'vg-server', VgServerNode, {
    clientSecret: { type: 'password' },
    username: { type: 'text' },
    password: { type: 'password' },
  });
}

import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { ACCOUNT_CREDENTIALS } from './shared/config/credentials.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vgs-account.ts')>(
  import.meta.url,
  './types/vgs-account',
  () => import('./types/vgs-account.ts'),
);

/** The config node `vgs-account`: a service account of VGS. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vgs-account', code, {
    credentials: ACCOUNT_CREDENTIALS,
    routes: ['POST /vgs-account/test', 'POST /vgs-account/import'],
  });
}

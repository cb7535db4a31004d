import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { SERVER_CREDENTIALS } from './shared/config/credentials.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vg-server.ts')>(
  import.meta.url,
  './types/vg-server',
  () => import('./types/vg-server.ts'),
);

/** The config node `vg-server`: a VG Identity Server, and optionally a stored user. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vg-server', code, {
    credentials: SERVER_CREDENTIALS,
    routes: ['POST /vg-server/test'],
  });
}

import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vg-logout.ts')>(
  import.meta.url,
  './types/vg-logout',
  () => import('./types/vg-logout.ts'),
);

/** The node `VG logout`: ends sessions. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vg-logout', code);
}

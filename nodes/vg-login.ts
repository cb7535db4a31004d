import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vg-login.ts')>(
  import.meta.url,
  './types/vg-login',
  () => import('./types/vg-login.ts'),
);

/** The node `VG login`: signs a user in. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vg-login', code);
}

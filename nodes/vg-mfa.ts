import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vg-mfa.ts')>(
  import.meta.url,
  './types/vg-mfa',
  () => import('./types/vg-mfa.ts'),
);

/** The node `submit MFA code`: answers a challenge. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vg-mfa', code);
}

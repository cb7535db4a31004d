import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/vgs-token.ts')>(
  import.meta.url,
  './types/vgs-token',
  () => import('./types/vgs-token.ts'),
);

/** The node `get VGS token`: puts the token of a service account on the message. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'vgs-token', code);
}

import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/attach-bearer.ts')>(
  import.meta.url,
  './types/attach-bearer',
  () => import('./types/attach-bearer.ts'),
);

/** The node `attach bearer`: adds the header for the core `http request` to a message. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'attach-bearer', code);
}

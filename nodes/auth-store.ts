import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { STORE_CREDENTIALS } from './shared/config/credentials.ts';
import { nodeOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/auth-store.ts')>(
  import.meta.url,
  './types/auth-store',
  () => import('./types/auth-store.ts'),
);

/** The config node `auth-store`: keeps sessions, challenges and tokens over a restart, or shares them between Node-RED instances. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  return nodeOnDemand(RED, 'auth-store', code, {
    credentials: STORE_CREDENTIALS,
    routes: ['POST /auth-store/test'],
  });
}

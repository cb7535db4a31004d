/** `npm run test:matrix`: the runtime tests on Node.js 22 and 24, each with every Node-RED that it runs. */
import { spawnSync } from 'node:child_process';
import { fetchNode } from './fetch-node.ts';
import { PROJECT } from './node-red.ts';

for (const major of [22, 24]) {
  const node = fetchNode(major);
  const { status } = spawnSync(node, ['--import', 'tsx', 'scripts/test-runtime.ts'], {
    cwd: PROJECT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

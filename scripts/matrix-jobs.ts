import { fetchNode } from './fetch-node.ts';
import { runtimeJob } from './runtime-jobs.ts';
import type { Job } from './side-by-side.ts';
import { NODE_RED_VERSIONS, NODE_VERSIONS, RUNTIME_TESTS, runsOn } from './versions.ts';

/**
 * The runtime tests on every pair of Node.js and Node-RED that `npm test` does not cover on this Node.js. It fetches what
 * is not here. Each pair has two jobs, so that no core waits for the last pair.
 */
export function matrixJobs(): Job[] {
  return NODE_RED_VERSIONS.flatMap((version) =>
    NODE_VERSIONS[version]
      .filter((major) => !(runsOn(version, process.version) && process.version.startsWith(`v${major}.`)))
      .flatMap((major) =>
        RUNTIME_TESTS.map((folder) => ({
          ...runtimeJob(version, folder, fetchNode(major)),
          name: `${version} on Node.js ${major}: test/${folder}`,
        })),
      ),
  );
}

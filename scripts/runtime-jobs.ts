import { MOCHA } from './mocha.ts';
import type { Job } from './side-by-side.ts';
import type { NodeRedVersion, RUNTIME_TESTS } from './versions.ts';

/**
 * The tests of one folder in a real Node-RED. One version per process: Node-RED's log and catalogs are singletons.
 *
 * @param node the path of the Node.js
 */
export function runtimeJob(version: NodeRedVersion, folder: (typeof RUNTIME_TESTS)[number], node: string): Job {
  return {
    name: `${version}: test/${folder}`,
    command: node,
    args: ['--import', 'tsx', MOCHA, `test/${folder}/**/*.spec.ts`],
    environment: { NODE_RED: version },
  };
}

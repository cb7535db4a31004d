/**
 * `npm run test:runtime [-- node-red | node-red-5 [nodes | node-red]]`: the tests in a real Node-RED, once for each Node-RED
 * that starts on this Node.js, or for the one that is named. With a folder of `test`, only the tests in that folder.
 */
import { spawnSync } from 'node:child_process';
import { MOCHA } from './mocha.ts';
import { PROJECT } from './project.ts';
import { NODE_RED_VERSIONS, RUNTIME_TESTS, runsOn } from './versions.ts';

const [wanted, part] = process.argv.slice(2);
const versions = NODE_RED_VERSIONS.filter((version) => wanted === undefined || wanted === version);
const folders = RUNTIME_TESTS.filter((folder) => part === undefined || part === folder);
if (versions.length === 0 || folders.length === 0) {
  console.error(
    `There is no ${wanted} ${part ?? ''} here, but ${NODE_RED_VERSIONS.join(' and ')}, each with ${RUNTIME_TESTS.join(' and ')}.`,
  );
  process.exit(1);
}

for (const version of versions) {
  if (!runsOn(version, process.version)) {
    console.log(
      `\n${version} does not start on Node.js ${process.version}: npm run test:matrix runs it on another one.`,
    );
    continue;
  }
  console.log(`\n${version} on Node.js ${process.version}`);
  // One runtime per process: Node-RED's log and catalogs are singletons.
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', MOCHA, ...folders.map((folder) => `test/${folder}/**/*.spec.ts`)],
    {
      cwd: PROJECT,
      env: { ...process.env, NODE_RED: version },
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}

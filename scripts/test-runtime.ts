/**
 * `npm run test:runtime [-- node-red | node-red-5 [nodes | node-red]]`: the tests in a real Node-RED, once for each Node-RED
 * that starts on this Node.js, or for the one that is named. With a folder of `test`, only the tests in that folder.
 */
import { runtimeJob } from './runtime-jobs.ts';
import { runSideBySide } from './side-by-side.ts';
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

const here = versions.filter((version) => runsOn(version, process.version));
for (const version of versions.filter((each) => !here.includes(each))) {
  console.log(`${version} does not start on Node.js ${process.version}: npm run test:matrix runs it on another one.`);
}
const jobs = here.flatMap((version) => folders.map((folder) => runtimeJob(version, folder, process.execPath)));
// The output of a single one appears at once.
process.exitCode = await runSideBySide(jobs, 1);

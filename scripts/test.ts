/**
 * The part of `npm test` after the build: everything that needs only this Node.js, two processes side by side.
 */
import { MOCHA } from './mocha.ts';
import { runtimeJob } from './runtime-jobs.ts';
import { type Job, runSideBySide } from './side-by-side.ts';
import { NODE_RED_VERSIONS, RUNTIME_TESTS, runsOn } from './versions.ts';

const versions = NODE_RED_VERSIONS.filter((version) => runsOn(version, process.version));
const runtime = versions.flatMap((version) =>
  RUNTIME_TESTS.map((folder) => runtimeJob(version, folder, process.execPath)),
);
const engine: Job = {
  name: 'the engine, the documents and random input',
  command: process.execPath,
  args: [MOCHA, ...['engine', 'documents', 'fuzz'].map((folder) => `test/${folder}/**/*.spec.ts`)],
};
const jobs = [...runtime, engine];
console.log(`Two side by side, each shown when it has finished: ${jobs.map(({ name }) => name).join('; ')}`);
process.exitCode = await runSideBySide(jobs);

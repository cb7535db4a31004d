/**
 * `npm run test:matrix`: the runtime tests on every pair of Node.js and Node-RED that `npm test` does not cover here,
 * two processes side by side.
 */
import { matrixJobs } from './matrix-jobs.ts';
import { runSideBySide } from './side-by-side.ts';

process.exitCode = await runSideBySide(matrixJobs());

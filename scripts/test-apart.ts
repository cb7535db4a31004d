/**
 * `npm run test:apart`: what `npm test` leaves out: the editor in a browser, the other pairs of Node.js and Node-RED, and
 * the real servers. Four processes run side by side, because many tests wait most of the time, and those that take longest
 * come first, so that no core is idle at the end.
 */
import { editorJobs } from './editor-jobs.ts';
import { matrixJobs } from './matrix-jobs.ts';
import { MOCHA } from './mocha.ts';
import { type Job, runSideBySide } from './side-by-side.ts';

const servers: Job[] = [
  { name: 'a real Keycloak', command: process.execPath, args: ['--import', 'tsx', 'scripts/test-keycloak.ts'] },
  { name: 'a real Redis', command: process.execPath, args: [MOCHA, 'test/redis/**/*.spec.ts'] },
  { name: 'a real Prometheus', command: process.execPath, args: [MOCHA, 'test/prometheus/**/*.spec.ts'] },
];
const jobs = [...editorJobs([], undefined), ...servers, ...matrixJobs()];
console.log(`Four side by side, each shown when it has finished: ${jobs.map(({ name }) => name).join('; ')}`);
process.exitCode = await runSideBySide(jobs, 4);

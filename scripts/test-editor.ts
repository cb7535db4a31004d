/**
 * `npm run test:editor`: the tests in a real browser, on Node-RED 4.1 and 5. The tests of each are split in two, and all
 * four parts run side by side, because a test often waits.
 * With file names, `npm run test:editor -- test/editor/themes.spec.ts`: only those files.
 * With NODE_RED=node-red-5: only that version, and its output appears at once.
 * The browser is the one in CHROMIUM, else Debian's `chromium-headless-shell`, else Debian's `chromium`.
 */
import { editorJobs } from './editor-jobs.ts';
import { runSideBySide } from './side-by-side.ts';
import { NODE_RED_VERSIONS } from './versions.ts';

const jobs = editorJobs(process.argv.slice(2), process.env.NODE_RED);
if (jobs.length === 0) {
  console.error(`There is no ${process.env.NODE_RED} here, but ${NODE_RED_VERSIONS.join(' and ')}.`);
  process.exit(1);
}
console.log(jobs.map(({ name }) => name).join('; '));
process.exitCode = await runSideBySide(jobs, jobs.length);

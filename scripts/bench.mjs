// `npm run bench [-- --rounds N] [NAME …]`. JavaScript, and a loader for this one import only: what is measured has to run
// as it does for users, as built, and `--import tsx` would put its own version of it in its place.
import { tsImport } from 'tsx/esm/api';

await tsImport('./bench/main.ts', import.meta.url);

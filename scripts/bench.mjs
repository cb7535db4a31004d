// `npm run bench [-- --rounds N] [NAME …]`. It is JavaScript, and the loader is for this one import only: the measured
// code must run as built, as users run it, and `--import tsx` would compile it again.
import { tsImport } from 'tsx/esm/api';

await tsImport('./bench/main.ts', import.meta.url);

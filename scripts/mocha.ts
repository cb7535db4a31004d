import { createRequire } from 'node:module';

/** The program that runs tests, for `node`. */
export const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

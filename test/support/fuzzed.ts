import type { Parameters } from 'fast-check';

/**
 * How often a fuzz test runs: `FUZZ_RUNS` (2,000 if it is not set), with the seed `FUZZ_SEED` (1 if it is not set).
 * The default seed is fixed, so that the same runs are made each time.
 *
 * @param share of `FUZZ_RUNS`, for a test whose runs are slow
 */
export function fuzzed(share: number): Parameters<unknown> {
  const runs = Number(process.env.FUZZ_RUNS ?? 2_000);
  const seed = Number(process.env.FUZZ_SEED ?? 1);
  if (!(runs > 0) || !Number.isSafeInteger(seed)) throw new Error('FUZZ_RUNS and FUZZ_SEED have to be numbers');
  return { numRuns: Math.ceil(runs * share), seed, endOnFailure: true };
}

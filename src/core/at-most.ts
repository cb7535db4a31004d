/**
 * Runs a function for each item, at most this many at a time. All are run, even if one fails.
 *
 * @returns the results, in the order of the items
 * @throws the first failure, when all have ended
 */
export async function mapAtMost<T, R>(items: readonly T[], most: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const rest = items.entries();
  const work = async (): Promise<void> => {
    // All workers take from the same iterator.
    for (const [index, item] of rest) {
      try {
        results[index] = await run(item);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}

import type { StatusLine } from '../status.ts';

/**
 * For a node that shows of its config node only what its own messages do there.
 *
 * @returns a function that ends it, as those of the other followers
 */
export function followNothing(status: StatusLine): () => void {
  status.idle();
  return () => {};
}

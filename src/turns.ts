/** What is under way in each store: it has to be written before the store is closed. */
const underWay = new WeakMap<object, Set<Promise<unknown>>>();

/**
 * Keeps a store open until this has come to its end.
 *
 * @returns what was given
 */
export function keepOpen<T>(store: object, turn: Promise<T>): Promise<T> {
  const turns = underWay.get(store) ?? new Set();
  underWay.set(store, turns.add(turn));
  const done = (): void => {
    turns.delete(turn);
  };
  turn.then(done, done);
  return turn;
}

/** @returns a promise that all that is under way has come to its end, well or not; undefined where nothing is */
export function turnsOf(store: object): Promise<unknown> | undefined {
  const turns = underWay.get(store);
  return turns && turns.size > 0 ? Promise.allSettled(turns) : undefined;
}

/** Properties with which Node-RED keeps credentials and other nodes on a node. This package cannot change them. */
const PLATFORM = new Set<string | symbol>(['_flow', '_alias', 'users', 'credentials']);

/**
 * Everything that a program can reach from an object by its properties, hidden and inherited ones included,
 * and the content of its maps, sets and buffers.
 *
 * @returns the paths to texts that match
 */
export function reachable(start: object, wanted: RegExp): string[] {
  const seen = new Set<object>([process, globalThis]);
  const found: string[] = [];
  const waiting: [value: object, path: string][] = [[start, '']];
  const look = (value: unknown, path: string): void => {
    if (typeof value === 'string' && wanted.test(value)) found.push(path);
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') waiting.push([value, path]);
  };
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [value, path] = next;
    // The helper's spies record every message.
    if (seen.has(value) || Reflect.get(value, 'isSinonProxy') === true) continue;
    seen.add(value);
    for (const [name, held] of contents(value)) look(held, `${path}.${name}`);
    for (const name of Reflect.ownKeys(value)) {
      if (PLATFORM.has(name)) continue;
      const property = Reflect.getOwnPropertyDescriptor(value, name);
      if (property && 'value' in property) look(property.value, `${path}.${String(name)}`);
    }
    look(Object.getPrototypeOf(value), path);
  }
  return found;
}

function contents(value: object): [string, unknown][] {
  try {
    if (value instanceof Map)
      return [...value].flatMap(([key, held]) => [
        ['key', key],
        [String(key), held],
      ]);
    if (value instanceof Set) return [...value].map((held) => ['has', held]);
    if (value instanceof String || value instanceof Buffer) return [['text', String(value)]];
  } catch {
    // A prototype, whose methods work on instances only.
  }
  return [];
}

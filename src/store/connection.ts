import { createHash } from 'node:crypto';

/**
 * What a connection is known by in a store: the same for all replicas and after a restart, and another one as soon as
 * anything of it changes, a secret too. It tells a store nothing: stores do not write names in the clear.
 *
 * @param settings what the connection consists of; the order of scopes means nothing
 */
export function connectionDigest(settings: object): string {
  const hash = createHash('sha256');
  for (const part of partsOf(settings)) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url');
}

/** The names and values of settings, in an order of their own. */
export function partsOf(settings: object): string[] {
  const entries = Object.entries(settings).map(([name, value]): [string, string] => [
    name,
    name === 'scope' ? sorted(String(value)) : String(value),
  ]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).flat();
}

function sorted(scope: string): string {
  return scope.split(/\s+/).sort().join(' ').trim();
}

import { createHash } from 'node:crypto';

/**
 * Identifies a connection in a store: the same for all replicas and after a restart, and different as soon as
 * any part of it changes, a secret included. It reveals nothing to a store: stores do not write names in clear.
 *
 * @param settings all settings of the connection; the order of scopes does not matter
 */
export function connectionDigest(settings: object): string {
  const hash = createHash('sha256');
  for (const part of canonicalEntries(settings)) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url');
}

/** The names and values of settings, in an order of their own. */
export function canonicalEntries(settings: object): string[] {
  const entries = Object.entries(settings).map(([name, value]): [string, string] => [
    name,
    name === 'scope' ? sorted(String(value)) : String(value),
  ]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).flat();
}

function sorted(scope: string): string {
  return scope.split(/\s+/).sort().join(' ').trim();
}

import { isCurrent, type Seal } from './seal.ts';
import type { StoredEntry } from './store.ts';

/**
 * Reads the value of a key in Redis: `<fence>:<written at>:<box>`.
 *
 * @param found the record as Redis returns it
 * @param now the time of Redis, in ms since 1970
 * @returns the entry; undefined if it cannot be opened, was changed, or is no longer valid
 */
export function readRedisRecord(seal: Seal, key: string, found: string, now: number): StoredEntry | undefined {
  const [, fence, written, box] = /^(\d{1,16}):(\d{1,16}):(.*)$/s.exec(found) ?? [];
  const opened = box === undefined ? undefined : seal.open(key, Number(fence), box);
  if (!opened || !isCurrent(opened, Number(written), now)) return undefined;
  // The time in clear never makes it younger.
  const since = Math.min(opened.time, Number(written));
  return { value: opened.value, age: Math.max(0, now - since), fence: opened.fence };
}

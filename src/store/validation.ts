/** An object from a store. Nothing about it is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Every record has the version of its form. Records of another version, or of somebody else, are not read. */
export const VERSION = 1;

/** How many items a list may have, and how long a text may be: a store may return anything. */
const MOST_ITEMS = 1_000;
const LONGEST_TEXT = 100_000;

/** An object that was written in this version; undefined if it is none. */
export function asRecord(value: unknown): JsonObject | undefined {
  const shape = asObject(value);
  return shape?.version === VERSION ? shape : undefined;
}

/** An object that need not have a version: a part of one that does. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A text of at most 100,000 characters, an empty one included; undefined for all else. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : undefined;
}

/** A finite number that is not negative; undefined for all else, as for a number that is written as a text. */
export function asNonNegative(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** True or false; undefined for all else. */
export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** One of a few words, in the same spelling; undefined for all else. */
export function asOneOf<W extends string>(value: unknown, words: readonly W[]): W | undefined {
  return words.find((word) => word === value);
}

/**
 * A list of at most 1,000 items, all of which are valid; undefined if one is not.
 *
 * @param read reads one item; undefined if it is invalid
 */
export function asList<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_ITEMS) return undefined;
  const items: T[] = [];
  for (const each of value) {
    const item = read(each);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

/**
 * Copies a text into memory of its own. V8 keeps a part of a text as a reference to the whole text, and a concatenation as a
 * reference to its parts: a short part of a long response would keep the response in memory.
 */
export function flat(text: string): string {
  return Buffer.from(text).toString();
}

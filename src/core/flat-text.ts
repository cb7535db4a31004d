/**
 * A copy of a text in one piece. V8 keeps a part of a text as a reference to the whole, and a text that was put together
 * as a reference to its parts: a short part of a long reply would keep the reply in memory.
 */
export function flat(text: string): string {
  return Buffer.from(text).toString();
}

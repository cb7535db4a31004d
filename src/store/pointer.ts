import { asShape, asText, VERSION } from './shape.ts';

/** Reads where something is to be found: its id. */
export function readPointer(value: unknown): { id: string } | undefined {
  const id = asText(asShape(value)?.id);
  return id === undefined || !isId(id) ? undefined : { id };
}

/** What is written for `readPointer`. */
export function pointerRecord(id: string): object {
  return { version: VERSION, id };
}

/** Whether a text can be an id that was made here (see `randomId`). Nothing else is asked of a store. */
export function isId(text: string): boolean {
  return /^[\w-]{24}$/.test(text);
}

import type { RecordKind } from './coordinator.ts';
import { asRecord, asText, VERSION } from './validation.ts';

/** Reads where something is to be found: its id. */
export function readPointer(value: unknown): { id: string } | undefined {
  const id = asText(asRecord(value)?.id);
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

/** Where something is to be found. */
export interface Pointer {
  readonly id: string;
}

/** Records that say where something is to be found. @param ttl how long they are kept, in ms */
export function pointers(prefix: string, host: string, ttl: number): RecordKind<Pointer> {
  return { prefix, host, encode: ({ id }) => ({ value: pointerRecord(id), ttl }), decode: readPointer };
}

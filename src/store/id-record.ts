import type { RecordKind } from './coordinator.ts';
import { asRecord, asText, VERSION } from './validation.ts';

/** Reads a reference: the ID of a record. */
export function readPointer(value: unknown): { id: string } | undefined {
  const id = asId(asRecord(value)?.id);
  return id === undefined ? undefined : { id };
}

/** The value to write for `readPointer`. */
export function pointerRecord(id: string): object {
  return { version: VERSION, id };
}

/** Whether a text can be an ID of this package (see `randomId`). No other ID is requested from a store. */
export function isId(text: string): boolean {
  return /^[\w-]{24}$/.test(text);
}

/** A value of a record that can be such an id; undefined for anything else. */
export function asId(value: unknown): string | undefined {
  const id = asText(value);
  return id !== undefined && isId(id) ? id : undefined;
}

/** A reference to a record. */
export interface Pointer {
  readonly id: string;
}

/** Records that refer to other records. @param ttl how long they are kept, in ms */
export function pointers(prefix: string, host: string, ttl: number): RecordKind<Pointer> {
  return { prefix, host, encode: ({ id }) => ({ value: pointerRecord(id), ttl }), decode: readPointer };
}

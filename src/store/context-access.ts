import { AuthError } from '../core/errors.ts';

/** The functions of a context store. Its answers may arrive later, or never. */
export interface ContextAccess {
  /** The values follow the error, in the order of the keys. */
  get(keys: string[], answer: (error: unknown, ...values: unknown[]) => void): void;
  /** A value of undefined removes the entry. */
  set(keys: string[], values: unknown[], answer: (error?: unknown) => void): void;
  keys(answer: (error: unknown, keys?: unknown) => void): void;
  /** Writes and removes an entry, if that is possible without storing a value. @throws Error with the `code` of the file system */
  tryWriting?(): Promise<void>;
}

/** Only letters, digits and underscores: a context store reads dots and brackets as a path. */
export const OURS = /^vgauth_[0-9a-f]{64}$/;

/** The key of the record with the master key. */
export const MASTER_KEY = 'vgauth_master';

/** @param id 64 hexadecimal digits */
export function keyOf(id: string): string {
  return `vgauth_${id}`;
}

/** A record as it is kept in a context store. */
export interface KeptRecord {
  readonly box: string;
  readonly fence: number;
  /** ms since 1970. These two are not sealed, so that expired records can be removed without the key. */
  readonly written: number;
  readonly expires: number;
}

/** An entry of a context store may be anything. */
export function asKeptRecord(found: unknown): KeptRecord | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  const { box, fence, written, expires } = found as Record<string, unknown>;
  if (typeof box !== 'string' || ![fence, written, expires].every((each) => Number.isFinite(each))) return undefined;
  return { box, fence: fence as number, written: written as number, expires: expires as number };
}

/** @returns the record with the master key; an empty text if there is none, or it has expired */
export function asMasterRecord(found: unknown, now: number): string {
  if (typeof found !== 'object' || found === null) return '';
  const { keys, expires } = found as Record<string, unknown>;
  return typeof keys === 'string' && typeof expires === 'number' && now < expires ? keys : '';
}

/** A short word for the cause. The text of an error may contain anything. */
export function contextCause(thrown: unknown): string {
  if (thrown instanceof AuthError) return String(thrown.values.cause);
  const { code } = (thrown ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,30}$/.test(code) ? code : 'error';
}

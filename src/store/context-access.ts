import { AuthError } from '../errors.ts';
import type { Entry } from './entries.ts';

/** What a context store offers. Its answers may come later, or never. */
export interface ContextAccess {
  /** The values follow the error, in the order of the keys. */
  get(keys: string[], answer: (error: unknown, ...values: unknown[]) => void): void;
  /** A value of undefined takes away what is there. */
  set(keys: string[], values: unknown[], answer: (error?: unknown) => void): void;
  keys(answer: (error: unknown, keys?: unknown) => void): void;
}

/** Letters, digits and underscores alone: a context store reads dots and brackets as a path. */
export const OURS = /^vgauth_[0-9a-f]{64}$/;

/** The life and the fence stand in the clear, so that what is over can be swept out without the key. */
export function asKept(entry: Entry | undefined): object | undefined {
  return entry && { box: entry.text, fence: entry.fence, written: entry.writtenAt, expires: entry.expiresAt };
}

/** What stands in a context store may be anything. */
export function asEntry(found: unknown): Entry | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  const { box, fence, written, expires } = found as Record<string, unknown>;
  const numbers = [fence, written, expires];
  if (typeof box !== 'string' || !numbers.every((each) => Number.isFinite(each))) return undefined;
  return { text: box, fence: fence as number, writtenAt: written as number, expiresAt: expires as number };
}

/** A short word for what went wrong. The text of an error may hold anything. */
export function contextCause(thrown: unknown): string {
  if (thrown instanceof AuthError) return String(thrown.values.cause);
  const { code } = (thrown ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,30}$/.test(code) ? code : 'error';
}

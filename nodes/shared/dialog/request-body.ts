import { LONGEST_TEXT } from '../../../src/core/text-length.ts';
import { variableIn } from '../config/variables.ts';

/** The types of a field in a request's body. `checkbox`: a flag, or the variable that sets it. */
export type FieldKind = 'text' | 'flag' | 'checkbox';

/** Why a body is refused. The catalog has a sentence for each, as `test.body.…`. */
export const BODY_FAULTS = ['no-object', 'unknown-field', 'wrong-type', 'too-long', 'no-id', 'no-code'] as const;

export type BodyFault = (typeof BODY_FAULTS)[number];

/** A body that no dialog sends. Its fault is a key of the catalog. */
export class BodyError extends Error {
  readonly fault: BodyFault;

  constructor(fault: BodyFault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * Checks the body of a request. Errors repeat nothing of it.
 *
 * @param kinds the allowed fields; each may be absent
 * @param longest the longest text of a field, in characters
 * @throws BodyError if it is no object, or a field is unknown, of the wrong type or too long
 */
export function readBody(
  body: unknown,
  kinds: Readonly<Record<string, FieldKind>>,
  longest: number = LONGEST_TEXT,
): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new BodyError('no-object');
  for (const [name, value] of Object.entries(body)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw new BodyError('unknown-field');
    if (!isOfKind(kind, value)) throw new BodyError('wrong-type');
    if (typeof value === 'string' && value.length > longest) throw new BodyError('too-long');
  }
  return body as Readonly<Record<string, unknown>>;
}

function isOfKind(kind: FieldKind, value: unknown): boolean {
  if (kind === 'text') return typeof value === 'string';
  return typeof value === 'boolean' || (kind === 'checkbox' && variableIn(value) !== undefined);
}

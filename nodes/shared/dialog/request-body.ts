/** What a field of a request's body may be. */
export type FieldKind = 'text' | 'flag';

/** The longest text of a dialog's field, in characters. */
const LONGEST_TEXT = 8192;

/** Why a body is not taken. The catalogue has a sentence for each, as `test.body.…`. */
export const BODY_FAULTS = ['no-object', 'unknown-field', 'wrong-type', 'too-long', 'no-id'] as const;

export type BodyFault = (typeof BODY_FAULTS)[number];

/** A body that no dialog sends. */
export class BodyError extends Error {
  readonly fault: BodyFault;

  constructor(fault: BodyFault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * Checks what came over the wire: nothing of it is trusted, and nothing of it is repeated.
 *
 * @param kinds the fields that there may be; each of them may be absent
 * @throws BodyError
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
    if (typeof value !== (kind === 'text' ? 'string' : 'boolean')) throw new BodyError('wrong-type');
    if (typeof value === 'string' && value.length > longest) throw new BodyError('too-long');
  }
  return body as Readonly<Record<string, unknown>>;
}

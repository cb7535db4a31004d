import { type AuthErrorCode, FAULTS, type Fault, type FaultValues } from './faults.ts';

/** The names in the braces of a sentence. */
type NamesIn<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The names for which a fault needs values. */
type NamesOf<F extends Fault> = NamesIn<(typeof FAULTS)[F][1]>;

/** The arguments after the fault: its values, if its sentence needs any, and optionally `retryAt`. */
type FaultArguments<F extends Fault> = [NamesOf<F>] extends [never]
  ? [values?: FaultValues, retryAt?: number]
  : [values: Readonly<Record<NamesOf<F>, string | number>> & FaultValues, retryAt?: number];

/**
 * An error for a Catch node: any failure that is not an answer of the server about who may sign in.
 * It has no request, no response, no secret and no `cause`.
 */
export class AuthError<F extends Fault = Fault> extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;
  readonly fault: Fault;
  readonly values: FaultValues;
  /** The HTTP status of the response, if there was one. */
  readonly status: number | undefined;
  /** When another try can help, in ms since 1970, if the server said so. */
  readonly retryAt: number | undefined;

  /**
   * @param fault a key of `FAULTS`
   * @param rest the values that the sentence needs (one that is missing does not compile), and `retryAt`
   */
  constructor(fault: F, ...[values = {}, retryAt]: FaultArguments<F>) {
    super(fillIn(FAULTS[fault][1], values));
    this.code = FAULTS[fault][0];
    this.fault = fault;
    this.values = values;
    this.status = typeof values.status === 'number' ? values.status : undefined;
    this.retryAt = retryAt;
  }

  /** @returns the same failure with the time at which another try can help, in ms since 1970 */
  withRetryAt(retryAt: number): AuthError {
    return new AuthError(this.fault, this.values as Required<FaultValues> & Record<NamesOf<Fault>, string>, retryAt);
  }
}

/** Replaces each `{name}` of a sentence by its value. */
function fillIn(sentence: string, values: FaultValues): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/**
 * Turns any thrown value into an `AuthError`. Another error is a defect of this package. Its text may contain a secret, so only
 * the name of its class is kept.
 */
export function asAuthError(thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  return new AuthError('unexpected', { cause: thrown instanceof Error ? thrown.constructor.name : typeof thrown });
}

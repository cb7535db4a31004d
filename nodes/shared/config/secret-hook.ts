import type { Clock } from '../../../src/core/clock.ts';
import { AuthError } from '../../../src/core/errors.ts';

/** The arguments of the hook besides the name: the config node, as it is in the flow file. */
export interface HookContext {
  readonly id: string;
  readonly type: string;
  /** The flow or subflow of the config node; undefined if it is global. */
  readonly z: string | undefined;
}

/** `vgAuthSecret` in settings.js: returns the value for a variable, or undefined if it has none. */
export type SecretHook = (name: string, context: HookContext) => unknown;

/** The time limit of the hook, in ms. */
const HOOK_TIMEOUT = 10_000;

/**
 * Calls `vgAuthSecret` for a value. Nothing of an exception is shown, because it may contain a secret.
 *
 * @param property the property of the value, for the error
 * @throws AuthError `AUTH_UNAVAILABLE` if it throws or takes longer than 10 s, `AUTH_CONFIG` if it returns no text
 */
export async function askHook(
  hook: SecretHook,
  variable: string,
  context: HookContext,
  property: string,
  clock: Clock,
): Promise<string> {
  const found = await withTimeout(hook, variable, context, clock);
  if (typeof found === 'number' && Number.isFinite(found)) return String(found);
  if (typeof found !== 'string') throw new AuthError('variable-missing', { property, variable });
  return found;
}

function withTimeout(hook: SecretHook, variable: string, context: HookContext, clock: Clock): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (cause: string): void => reject(new AuthError('secret-hook-failed', { variable, cause }));
    const cancel = clock.after(HOOK_TIMEOUT, () => fail('timeout'), true);
    // A hook without a promise may throw at once.
    new Promise((answer) => answer(hook(variable, { ...context })))
      .then(resolve, (thrown) => fail(causeOf(thrown)))
      .finally(cancel);
  });
}

/** The code of an exception, such as `ECONNREFUSED`, or the name of its class. */
function causeOf(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code;
  return thrown instanceof Error ? thrown.constructor.name : typeof thrown;
}

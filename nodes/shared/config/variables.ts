import { AuthError } from '../../../src/core/errors.ts';

/** A property whose whole value is this comes from the environment. */
const VARIABLE = /^\$(?:\{([^}]+)\}|\(([^)]+)\))$/;

/** A variable anywhere in a value. */
const VARIABLE_INSIDE = /\$(?:\{([^}\s]+)\}|\(([^)\s]+)\))/;

/** The name of the variable in `${NAME}` or `$(NAME)`, if that is the whole value. */
export function variableIn(value: unknown): string | undefined {
  const found = typeof value === 'string' ? VARIABLE.exec(value.trim()) : null;
  return found ? (found[1] ?? found[2]) : undefined;
}

/** What may be empty, by type of config node: with a variable that is set and empty, the property is empty. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'vgs-account': ['scope', 'vaultId', 'testUrl', 'nextClientId', 'nextClientSecret'],
  'vg-server': ['scope', 'testUrl', 'clientSecret', 'nextClientSecret'],
  'auth-store': ['username', 'password', 'previousEncryptionKey', 'sentinelPassword'],
};

/** Whether a property of a config node of this type may be empty. */
export function isOptional(type: string, property: string): boolean {
  return OPTIONAL[type]?.includes(property) ?? false;
}

/** What no server takes with a variable inside. A secret, a password or a name may have `${` in it. */
const PLAIN = ['tokenUrl', 'url', 'testUrl', 'applicationId', 'clientId', 'scope', 'prefix', 'primary'];

/**
 * Looks whether a value has a variable besides other text: Node-RED replaces a variable only if it is the whole value.
 *
 * @throws AuthError `AUTH_CONFIG` if it has
 */
export function checkPlain(property: string, value: string): void {
  const found = PLAIN.includes(property) ? VARIABLE_INSIDE.exec(value) : null;
  if (found) throw new AuthError('variable-inside', { property, variable: found[1] ?? found[2] ?? '' });
}

/**
 * A property that is true or false, or a variable that is `true` or `false`; false if it is absent.
 *
 * @throws AuthError `AUTH_CONFIG` for anything else
 */
export function readFlag(property: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  const variable = variableIn(value);
  if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
  throw new AuthError('config-value-unknown', { property });
}

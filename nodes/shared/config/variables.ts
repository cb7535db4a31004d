import { AuthError } from '../../../src/core/errors.ts';

/** A whole value that is a variable. */
const VARIABLE = /^\$(?:\{([^}]+)\}|\(([^)]+)\))$/;

/**
 * A variable anywhere in a value. A name contains no `$`, `{` or `(`: otherwise each `${` of a long text would be followed to
 * the end of the text.
 */
const VARIABLE_INSIDE = /\$(?:\{([^}\s${(]+)\}|\(([^)\s${(]+)\))/;

/** The name of the variable in `${NAME}` or `$(NAME)`, if that is the whole value. */
export function variableIn(value: unknown): string | undefined {
  const found = typeof value === 'string' ? VARIABLE.exec(value.trim()) : null;
  return found ? (found[1] ?? found[2]) : undefined;
}

/** The properties that may be empty, by type of config node. A variable that is set and empty makes them empty. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'vgs-account': ['scope', 'vaultId', 'testUrl', 'nextClientId', 'nextClientSecret'],
  'vg-server': ['scope', 'testUrl', 'clientSecret', 'nextClientSecret'],
  'auth-store': ['username', 'password', 'previousEncryptionKey', 'sentinelPassword'],
};

/** Whether a property of a config node of this type may be empty. */
export function isOptional(type: string, property: string): boolean {
  return OPTIONAL[type]?.includes(property) ?? false;
}

/** The properties that no server accepts with a variable inside. A secret, a password or a name may contain `${`. */
const PLAIN = ['tokenUrl', 'url', 'testUrl', 'applicationId', 'clientId', 'scope', 'prefix', 'primary'];

/**
 * Checks that a value has no variable inside other text. Node-RED replaces a variable only if it is the whole value.
 *
 * @throws AuthError `AUTH_CONFIG` if it has one
 */
export function checkPlain(property: string, value: string): void {
  const found = PLAIN.includes(property) ? VARIABLE_INSIDE.exec(value) : null;
  if (found) throw new AuthError('variable-inside', { property, variable: found[1] ?? found[2] ?? '' });
}

/**
 * A property or credential as text. This is the only conversion: the value in use and the value that is compared with
 * `secretFor` are converted in the same way, so no value is read as two different addresses.
 *
 * @param value a text, number or boolean; `otherwise` is returned if it is absent
 * @throws AuthError `AUTH_CONFIG` for a list or an object
 */
export function readText(property: string, value: unknown, otherwise = ''): string {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new AuthError('config-value-unknown', { property });
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

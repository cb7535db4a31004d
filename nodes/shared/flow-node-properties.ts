import { AuthError } from '../../src/core/errors.ts';
import { readFlag, readText, variableIn } from './config/variables.ts';

/** How one property of a flow node is read. */
interface Property<T> {
  /** The value if the property is absent. */
  readonly otherwise: T;
  /** @throws AuthError `AUTH_CONFIG` if the value cannot be used */
  read(value: unknown, property: string): T;
}

/** The properties of a type of flow node, by name. */
export type Schema = Readonly<Record<string, Property<unknown>>>;

/** The values of properties, as a schema describes them. */
export type Properties<S extends Schema> = { readonly [P in keyof S]: S[P] extends Property<infer T> ? T : never };

/** A text. A number or a boolean is read as its text, as in a config node. */
export function text(otherwise = ''): Property<string> {
  return { otherwise, read: (value, property) => readText(property, value) };
}

/** The id of a config node. It is not checked here: `ConfigReference` does that if the node uses the property. */
export function reference(): Property<string> {
  return { otherwise: '', read: (value) => value as string };
}

/** One of a list of words. An empty text counts as absent. The editor has the same lists, in resources/choices.js. */
export function choice<const T extends string>(otherwise: T, ...others: T[]): Property<T> {
  const allowed: readonly unknown[] = [otherwise, ...others];
  return {
    otherwise,
    read(value, property) {
      if (value === '') return otherwise;
      if (!allowed.includes(value)) throw new AuthError('config-value-unknown', { property });
      return value as T;
    },
  };
}

/** True or false, or a variable that is `true` or `false`. An empty text counts as absent. */
export function flag(otherwise: boolean): Property<boolean> {
  return { otherwise, read: (value, property) => (value === '' ? otherwise : readFlag(property, value)) };
}

/**
 * A whole number of at most nine digits, or a text of them. An empty text counts as absent.
 *
 * @param least the smallest number that is allowed
 */
export function wholeNumber(otherwise: number, least: number): Property<number> {
  return {
    otherwise,
    read(value, property) {
      const text = readText(property, value).trim();
      const variable = variableIn(text);
      if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
      if (text === '') return otherwise;
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (!(number >= least)) throw new AuthError('number-invalid', { property, least });
      return number;
    },
  };
}

/** The properties by which a flow node selects its VGS account. */
export const ACCOUNT_REFERENCE = {
  account: reference(),
  accountName: text(),
  accountNameType: choice('fixed', 'msg', 'flow', 'global', 'env'),
};

/** The properties by which a flow node selects its Visual Guard server. */
export const SERVER_REFERENCE = {
  server: reference(),
  serverName: text(),
  serverNameType: choice('fixed', 'msg', 'flow', 'global', 'env'),
};

/** The properties by which a flow node selects a user of a Visual Guard server. */
export const USER = {
  user: text(),
  userType: choice('stored', 'session', 'msg', 'flow', 'global', 'env', 'str'),
};

/**
 * Reads the properties of a flow node. An imported flow can have any JSON value in each of them.
 *
 * @param config the node's definition. A property that is absent or null has its default
 * @returns the values, with the default instead of a value that cannot be used, and the error for the first of those
 */
export function readProperties<S extends Schema>(
  config: object,
  schema: S,
): { properties: Properties<S>; problem: AuthError | undefined } {
  const values: Record<string, unknown> = {};
  let problem: AuthError | undefined;
  for (const [property, { otherwise, read }] of Object.entries(schema)) {
    const value = (config as Record<string, unknown>)[property];
    values[property] = otherwise;
    if (value === undefined || value === null) continue;
    try {
      values[property] = read(value, property);
    } catch (thrown) {
      problem ??= thrown as AuthError;
    }
  }
  return { properties: values as Properties<S>, problem };
}

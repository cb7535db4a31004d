import { AuthError } from '../core/errors.ts';
import { checkLength } from '../core/text-length.ts';
import type { ProxyRoute } from '../http/proxy.ts';
import { oneTimeCodeOf } from '../visual-guard/challenge/one-time-code.ts';
import type { Credentials } from '../visual-guard/dialect/wire.ts';
import type { SignInOptions } from '../visual-guard/sign-in/sign-in.ts';

// A program may be written in JavaScript, so the types of everything that it passes are checked.

/**
 * An object that a program passes.
 *
 * @param property its name, for the error
 * @throws AuthError `AUTH_CONFIG` if it is no object
 */
export function objectOf(value: unknown, property: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new AuthError('config-value-unknown', { property });
  return value as Record<string, unknown>;
}

/** A text that a program passes; `otherwise` if it is undefined or null. @throws AuthError `AUTH_CONFIG` if it is no string */
export function textOf(value: unknown, property: string, otherwise = ''): string {
  const text = value ?? otherwise;
  if (typeof text !== 'string') throw new AuthError('config-value-unknown', { property });
  return text;
}

/** A flag that a program passes; false if it is undefined or null. @throws AuthError `AUTH_CONFIG` if it is no boolean */
export function flagOf(value: unknown, property: string): boolean {
  const flag = value ?? false;
  // A text such as 'true' must not mean false: `practice` would then send secrets to a real server.
  if (typeof flag !== 'boolean') throw new AuthError('config-value-unknown', { property });
  return flag;
}

/**
 * The user and password of a sign-in. An empty password is not sent: the server would count it as a wrong one.
 *
 * @param isPasswordless whether the module of the server needs no password
 * @throws AuthError `AUTH_CONFIG` if one of them is missing or is no string
 */
export function credentialsOf(value: unknown, isPasswordless: boolean): Credentials {
  const credentials = objectOf(value, 'credentials');
  return sendable(
    { user: textOf(credentials.user, 'user'), password: textOf(credentials.password, 'password') },
    isPasswordless,
  );
}

/** Checks that no user and no password is missing. @throws AuthError `AUTH_CONFIG` */
export function sendable({ user, password }: Credentials, isPasswordless: boolean, property = 'user'): Credentials {
  if (user === '') throw new AuthError('user-missing', { property });
  if (isPasswordless) return { user, password: '' };
  if (password === '') throw new AuthError('password-missing', { property: 'password' });
  return { user, password };
}

/** The options of a sign-in. @throws AuthError `AUTH_CONFIG` if one of them has the wrong type */
export function optionsOf(value: unknown): SignInOptions {
  const { method, reset } = objectOf(value ?? {}, 'options');
  return { method: textOf(method, 'method', 'ask'), reset: flagOf(reset, 'reset') };
}

/**
 * A one-time code without spaces and hyphens. Without any other character it is not sent: the server would count it as a wrong
 * code.
 *
 * @throws AuthError `AUTH_CONFIG` if it is empty or too long, or neither a string nor a number
 */
export function codeOf(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : textOf(value, 'code');
  checkLength(text, 'code');
  const code = oneTimeCodeOf(text);
  if (code === '') throw new AuthError('code-missing', { property: 'code' });
  return code;
}

/** The proxy in the settings of a program. @throws AuthError `AUTH_CONFIG` if it or one of its properties has the wrong type */
export function proxyOf(value: unknown): ProxyRoute | undefined {
  if (value === undefined || value === null) return undefined;
  const { url, noProxy, username, password } = objectOf(value, 'proxy');
  const address = textOf(url, 'proxy.url');
  if (address.trim() === '') throw new AuthError('property-missing', { property: 'proxy.url' });
  const hosts = noProxy ?? [];
  if (!Array.isArray(hosts)) throw new AuthError('config-value-unknown', { property: 'proxy.noProxy' });
  return {
    url: address,
    noProxy: hosts.map((host) => textOf(host, 'proxy.noProxy')),
    username: textOf(username, 'proxy.username'),
    password: textOf(password, 'proxy.password'),
  };
}

/** The codes that reach a Catch node as `msg.error.code`. */
export type AuthErrorCode =
  | 'AUTH_CONFIG'
  | 'AUTH_NETWORK'
  | 'AUTH_TLS'
  | 'AUTH_PROXY'
  | 'AUTH_TIMEOUT'
  | 'AUTH_UNAVAILABLE'
  | 'AUTH_BAD_RESPONSE'
  | 'AUTH_STORE';

/**
 * Every fault, with its code and its English sentence: what failed, where, and the next step.
 * `{name}` is filled from the error's `values`, which hold host names, property names and numbers, never a secret.
 */
export const FAULTS = {
  'property-missing': ['AUTH_CONFIG', 'The property "{property}" is not set. Open the node and fill it in.'],
  'variable-missing': [
    'AUTH_CONFIG',
    'The property "{property}" is taken from the environment variable {variable}, which has no value. Set it and restart Node-RED.',
  ],
  'variable-inside': [
    'AUTH_CONFIG',
    'The property "{property}" has the variable {variable} inside other text, where Node-RED does not replace it: a variable has to be the whole value. Put the whole value into the variable.',
  ],
  'credentials-missing': [
    'AUTH_CONFIG',
    'No credentials are stored for the config node (was credentialSecret changed?), so "{property}" is missing. Open it and enter them again.',
  ],
  'config-node-missing': ['AUTH_CONFIG', 'The config node in "{property}" is missing or disabled. Choose one.'],
  'config-node-wrong': ['AUTH_CONFIG', 'The config node in "{property}" is of another type. Choose one that fits.'],
  'config-node-elsewhere': [
    'AUTH_CONFIG',
    'The config node in "{property}" belongs to another flow or subflow. Choose a global one, or one of this flow.',
  ],
  'config-name-unknown': [
    'AUTH_CONFIG',
    'There is no name in "{property}" of a config node that a message may choose. Check the message, and that the config node allows it.',
  ],
  'config-name-ambiguous': [
    'AUTH_CONFIG',
    'Several config nodes that a message may choose have the name in "{property}". Give each a name of its own.',
  ],
  'config-value-unknown': ['AUTH_CONFIG', 'The property "{property}" has a value that is not known. Choose one.'],
  'secret-again': [
    'AUTH_CONFIG',
    'The secret in "{property}" was entered for another address, client or user. Open the node and enter the secret again for {host}, or restore what it was entered for.',
  ],
  'address-invalid': ['AUTH_CONFIG', 'The property "{property}" is not a web address. It must begin with https://.'],
  'address-insecure': [
    'AUTH_CONFIG',
    'The property "{property}" is an http address and its host {host} is not this machine, so a secret would travel in the clear. Use https, or allow http in the config node.',
  ],
  'proxy-invalid': ['AUTH_CONFIG', 'The proxy address in "{property}" is not usable. Correct it.'],
  'tls-invalid': [
    'AUTH_CONFIG',
    'The TLS configuration in "{property}" cannot be used. Check its certificate and key.',
  ],
  'store-address-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" is not the address of a Redis. It must begin with redis:// or rediss://.',
  ],
  'store-password-written': [
    'AUTH_CONFIG',
    'The address in "{property}" holds a password, which would stand in the flow file. Put user and password into their own fields.',
  ],
  'context-store-unknown': [
    'AUTH_CONFIG',
    'There is no context store "{name}" in settings.js (contextStorage). Choose one that is there.',
  ],
  'code-missing': [
    'AUTH_CONFIG',
    'No code was found in "{property}". It must be a text or a number. Check the message.',
  ],
  'property-unusable': [
    'AUTH_CONFIG',
    'The token cannot be put into "{property}", because a part of it is no object. Choose another property.',
  ],
  'user-missing': ['AUTH_CONFIG', 'No user name was found in "{property}". Check the message, or store one.'],
  'password-missing': ['AUTH_CONFIG', 'No password was found in "{property}". Check the message, or store one.'],
  'token-still-rejected': [
    'AUTH_CONFIG',
    'The API rejects the token again, after a sign-in. Check what this user or account may do there.',
  ],
  'hosts-invalid': [
    'AUTH_CONFIG',
    'The property "{property}" has an entry that is not a host name. Write names such as api.example.com or *.example.com.',
  ],
  'host-not-allowed': [
    'AUTH_CONFIG',
    'msg.url leads to {host}, which "{property}" does not name. Add it there if it may get the token.',
  ],
  'url-unusable': [
    'AUTH_CONFIG',
    'msg.url cannot be compared with "{property}". It must be an http or https address without a user name.',
  ],

  'host-unknown': ['AUTH_NETWORK', 'The host {host} is not known. Check the address and the name server.'],
  'connection-refused': [
    'AUTH_NETWORK',
    '{host} refused the connection. Check the port and that the server is running.',
  ],
  'connection-cut': ['AUTH_NETWORK', '{host} closed the connection before it answered. Try again.'],
  'network-failed': ['AUTH_NETWORK', '{host} could not be reached ({cause}). Check the network.'],

  'certificate-unknown': [
    'AUTH_TLS',
    'The certificate of {host} is not signed by an authority that is known here ({cause}). Add the authority in a TLS configuration.',
  ],
  'certificate-expired': ['AUTH_TLS', 'The certificate of {host} is not valid today ({cause}). Renew it there.'],
  'certificate-name': ['AUTH_TLS', 'The certificate of {host} belongs to another name. Check the address.'],
  'certificate-wanted': ['AUTH_TLS', '{host} wants a certificate of this client. Choose one in a TLS configuration.'],
  'tls-failed': ['AUTH_TLS', 'No secure connection to {host} could be made ({cause}). Check the TLS configuration.'],

  'proxy-unreachable': ['AUTH_PROXY', 'The proxy for {host} could not be reached ({cause}). Check the proxy address.'],
  'proxy-refused': [
    'AUTH_PROXY',
    'The proxy did not let the connection to {host} through (status {status}). Check the proxy.',
  ],
  'proxy-login': [
    'AUTH_PROXY',
    'The proxy wants to know who asks for {host} (status 407). Check its user and password.',
  ],

  'no-connection': [
    'AUTH_TIMEOUT',
    'No connection to {host} came about within {seconds} s. Check the address and the network.',
  ],
  'no-answer': ['AUTH_TIMEOUT', '{host} did not answer within {seconds} s. Check that the server is up.'],
  'wait-over': ['AUTH_TIMEOUT', 'No token came from {host} within {seconds} s. Check that the server is up.'],

  unavailable: ['AUTH_UNAVAILABLE', '{host} cannot answer now (status {status}). Try again later.'],
  'retry-later': ['AUTH_UNAVAILABLE', '{host} cannot answer now (status {status}) and asks to wait {seconds} s.'],

  'unavailable-in-front': [
    'AUTH_UNAVAILABLE',
    'Something in front of {host}, as a firewall or a proxy, lets no request through now (status {status}, {contentType}). Try again later.',
  ],

  'reply-senseless': [
    'AUTH_BAD_RESPONSE',
    '{host} answered with status {status} and {contentType}, which is no token reply. Check the address.',
  ],
  'reply-words': [
    'AUTH_BAD_RESPONSE',
    '{host} answered with status {status} and {contentType}, which is no token reply. It says "{words}". Check the address.',
  ],
  'reply-redirect': [
    'AUTH_BAD_RESPONSE',
    '{host} answered with a redirect (status {status}, {contentType}), which is not followed. Check the address.',
  ],
  'reply-too-large': [
    'AUTH_BAD_RESPONSE',
    '{host} answered with more than 1 MiB (status {status}, {contentType}). Check the address.',
  ],
  'reply-in-front': [
    'AUTH_BAD_RESPONSE',
    'Something in front of {host}, as a firewall or a proxy, answered in its place (status {status}, {contentType}). Check why it blocks the request.',
  ],
  'reply-malformed': [
    'AUTH_BAD_RESPONSE',
    'The answer of {host} is not HTTP, or its headers are malformed or too large ({cause}). Check the address, and what is between here and the server.',
  ],
  'reply-unreadable': [
    'AUTH_BAD_RESPONSE',
    'The answer of {host} cannot be read, because its body is not what its headers say ({cause}; status {status}, {contentType}). Check the server, and what is in front of it.',
  ],
  'reply-cut': ['AUTH_BAD_RESPONSE', 'The answer of {host} was cut off (status {status}, {contentType}). Try again.'],
  'token-unusable': [
    'AUTH_BAD_RESPONSE',
    '{host} answered with a token that cannot be a bearer token (status {status}, {contentType}). Check the address.',
  ],
  'store-gone': ['AUTH_STORE', 'The session store {host} cannot be reached ({cause}). Check that it is running.'],
  unexpected: ['AUTH_BAD_RESPONSE', 'Something unexpected happened ({cause}). Please report it.'],
} as const satisfies Record<string, readonly [AuthErrorCode, string]>;

/** The name of a fault; translations use it as their key. */
export type Fault = keyof typeof FAULTS;

/** What a sentence is filled with: host names, property names, numbers; never a secret. */
export type FaultValues = Readonly<Record<string, string | number>>;

/** The `{name}`s of a sentence. */
type NamesIn<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The names that the sentence of a fault needs values for. */
type NamesOf<F extends Fault> = NamesIn<(typeof FAULTS)[F][1]>;

/** The arguments behind a fault: its values, if its sentence needs any, and perhaps the time of another try. */
type FaultArguments<F extends Fault> = [NamesOf<F>] extends [never]
  ? [values?: FaultValues, retryAt?: number]
  : [values: Readonly<Record<NamesOf<F>, string | number>> & FaultValues, retryAt?: number];

/**
 * An error for a Catch node: anything that fails and is not an answer about who may sign in.
 * It has no request, no reply and no secret in it, and never has a `cause`.
 */
export class AuthError<F extends Fault = Fault> extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;
  readonly fault: Fault;
  readonly values: FaultValues;
  /** The HTTP status of the reply, if there was one. */
  readonly status: number | undefined;
  /** When another try can help, in ms since 1970, if the server said so. */
  readonly retryAt: number | undefined;

  /**
   * @param fault names the sentence in `FAULTS`
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

  /** The same failure, of which another try can help at this time (ms since 1970). */
  withRetryAt(retryAt: number): AuthError {
    return new AuthError(this.fault, this.values as Required<FaultValues> & Record<NamesOf<Fault>, string>, retryAt);
  }
}

/** Puts `values` in place of the `{name}`s of a sentence. */
function fillIn(sentence: string, values: FaultValues): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/**
 * Any thrown value as an `AuthError`. Anything else is a defect of this package: its text may hold anything,
 * so only the name of its class is kept.
 */
export function asAuthError(thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  return new AuthError('unexpected', { cause: thrown instanceof Error ? thrown.constructor.name : typeof thrown });
}

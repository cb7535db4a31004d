import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** The text that is shown in place of a secret. */
export const REDACTED = '[redacted]';

const processKey = randomBytes(32);

/**
 * A keyed digest: equal secrets have equal digests, and a digest does not reveal its secret. The key is that of this process,
 * so that a digest is of no use in another one.
 */
export function fingerprint(...parts: readonly string[]): string {
  const hmac = createHmac('sha256', processKey);
  for (const part of parts) hmac.update(`${part.length}:`).update(part);
  return hmac.digest('base64url');
}

/**
 * A text that `http request`, node:http, axios and fetch send as it is, and that the debug sidebar, the log and JSON show as
 * `[redacted]`. It is a String object: its `typeof` is "object".
 *
 * The name of its class is "Object" because Node-RED's debug sidebar calls `toJSON` only for such objects. Node-RED clones it
 * with `new constructor(value)`, so that a clone is a `HiddenText`, too.
 */
export class HiddenText extends String {
  static {
    Object.defineProperty(HiddenText, 'name', { value: 'Object' });
  }
  toJSON(): string {
    return REDACTED;
  }
  [inspect.custom](): string {
    return REDACTED;
  }
}

/** The headers of a message for the core `http request` node. */
export type Headers = Record<string, unknown>;

/**
 * An `authorization` header on the prototype of the headers, so that only code that reads inherited properties sends it.
 *
 * The core `http request` node reads headers with `for…in`, and sends it. The core `http response` node sends own properties
 * only, so that a failed request cannot hand the token to the caller. JSON and `util.inspect` print own properties only.
 * Node-RED's cloning keeps the prototype.
 */
export class HiddenHeader {
  readonly #value: string;
  #prototype: object | undefined;

  /** @param value the value of the header: `Bearer …` */
  constructor(value: string) {
    this.#value = value;
  }

  /** @returns new headers without own properties, which inherit this header */
  headers(): Headers {
    // All messages share the prototype: V8 needs 4 µs for a prototype, and 0.07 µs for an object that inherits from it.
    this.#prototype ??= createPrototype(this.#value);
    return Object.create(this.#prototype);
  }

  /** Whether these headers, or those from which they were cloned, are from a `HiddenHeader`. */
  static isIn(headers: object): boolean {
    return VALUE in headers;
  }
}

/** The key of the hidden text. No message can have a property with this symbol. */
const VALUE = Symbol('hidden header');

/** The prototype of the prototypes, with the functions that print headers. */
const printsRedacted: object = Object.freeze(
  Object.create(Object.prototype, {
    toJSON: overridable('toJSON', () => withRedactedHeader),
    [inspect.custom]: overridable(inspect.custom, () => withRedactedHeader),
  }),
);

const AUTHORIZATION = overridable('authorization', (headers) => headers[VALUE], { enumerable: true });

function createPrototype(value: string): object {
  const prototype: { [VALUE]?: HiddenText } = Object.create(printsRedacted);
  // V8 defines one property after the other in half the time of `Object.defineProperties`.
  Object.defineProperty(prototype, 'authorization', AUTHORIZATION);
  prototype[VALUE] = new HiddenText(value);
  // Many messages share it, so that none may change it.
  return Object.freeze(prototype);
}

function withRedactedHeader(this: Headers): Headers {
  return { authorization: REDACTED, ...this };
}

/**
 * A property of a frozen prototype that an inheriting object can override. With a plain property JavaScript would refuse the
 * assignment, so that a header with the name `toJSON` would be an error.
 */
function overridable(
  name: PropertyKey,
  value: (from: { [VALUE]?: HiddenText }) => unknown,
  { enumerable = false } = {},
): PropertyDescriptor {
  return {
    enumerable,
    get(this: { [VALUE]?: HiddenText }): unknown {
      return value(this);
    },
    set(this: object, own: unknown): void {
      Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
    },
  };
}

/**
 * A token on a message (`msg.token`), or as a program gets it: the access token and the server's data about it (RFC 6749 5.1).
 * `console.log`, `util.inspect` and JSON show `access_token` and `VGToken` as `[redacted]`. Code that reads the property gets
 * the value. Object spread and `structuredClone` make a plain copy, which is shown in clear text.
 */
export interface MessageToken {
  access_token: string;
  token_type: 'Bearer';
  /** ms since 1970; 0 if the server gave no usable lifetime */
  expires_at: number;
  /** What was granted. */
  scope: string[];
  /** Visual Guard's own token, from the sign-in. */
  VGToken?: string;
}

/**
 * The prototype of each token on a message. The secrets are ordinary, enumerable properties, because Node-RED's cloning keeps
 * only those. The functions that print the object are on the prototype, and show the secrets as `[redacted]`.
 */
const hidesSecrets: object = Object.create(Object.prototype, {
  toJSON: { value: redact },
  [inspect.custom]: { value: redact },
});

function redact(this: Partial<MessageToken>): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...this };
  if (shown.access_token !== undefined) shown.access_token = REDACTED;
  if (shown.VGToken !== undefined) shown.VGToken = REDACTED;
  return shown;
}

/** Gives a token on a message the prototype that redacts it. */
export function hideSecretsOf(token: MessageToken): MessageToken {
  return Object.assign(Object.create(hidesSecrets), token);
}

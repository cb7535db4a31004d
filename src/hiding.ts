import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** What stands in place of a secret wherever a message is shown. */
export const REDACTED = '[redacted]';

const processKey = randomBytes(32);

/**
 * A value that is the same for the same secret, and tells nothing about it.
 * It is keyed with a key of this process, so it means nothing in another one.
 */
export function fingerprint(...parts: readonly string[]): string {
  const hmac = createHmac('sha256', processKey);
  for (const part of parts) hmac.update(`${part.length}:`).update(part);
  return hmac.digest('base64url');
}

/** Shorter ones stand in every text by chance. */
const SHORTEST_SECRET = 3;

/** Finds a secret in a text long after the secret was forgotten: it keeps no more than its length and its fingerprint. */
export class SecretTrace {
  readonly #length: number;
  readonly #print: string;

  constructor(secret: string) {
    const lower = secret.toLowerCase();
    this.#length = lower.length;
    this.#print = fingerprint(lower);
  }

  /** Whether the secret stands in the text, in capitals or not. It takes about 5 µs for each character. */
  isIn(text: string): boolean {
    if (this.#length < SHORTEST_SECRET) return false;
    const lower = text.toLowerCase();
    for (let at = 0; at + this.#length <= lower.length; at += 1)
      if (fingerprint(lower.slice(at, at + this.#length)) === this.#print) return true;
    return false;
  }
}

/**
 * A text that is sent as it is by `http request`, node:http, axios and fetch, and shows as `[redacted]`
 * in the debug sidebar, the log and JSON. It is a String object: `typeof` says "object".
 *
 * Its class is called "Object" because Node-RED's debug sidebar honours `toJSON` only there.
 * Node-RED's cloning makes a copy with `new constructor(value)`, which keeps all of this.
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

/** The token as it stands on a message (`msg.token`). */
export interface MessageToken {
  access_token: string;
  token_type: 'Bearer';
  /** ms since 1970; 0 where the server gave no usable life */
  expires_at: number;
  scope: string[];
  VGToken?: string;
}

/**
 * The prototype of every token on a message. The secrets stay ordinary, enumerable properties, because Node-RED's
 * cloning keeps only those; what prints the object asks the prototype, which shows them as `[redacted]`.
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

/** Gives a token on a message the prototype that keeps it from being printed. */
export function hideSecretsOf(token: MessageToken): MessageToken {
  return Object.assign(Object.create(hidesSecrets), token);
}

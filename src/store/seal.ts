import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, scrypt } from 'node:crypto';

/** What a box begins with. A reader that does not know the version treats the box as absent. */
const VERSION = 'v1.';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The salt is fixed, because all replicas have to come to the same keys and share nothing else. It names this use,
 * so the same passphrase in another program gives other keys there.
 */
const SALT = 'vg-auth session store v1';

/** A guess costs 32 MiB three times over (OWASP's choice for N = 2^15): about a third of a second on a small machine, once per store. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 };

/** The longest box that is opened, in characters: what stands in a store may be anything. */
export const LONGEST_BOX = 4 * 2 ** 20;

/**
 * Hides what a store writes: names by HMAC-SHA256, values by AES-256-GCM, each with a key of its own.
 * A box can be opened only under the key name and with the fencing number that it was made for.
 * Initialisation vectors are random 96-bit numbers, which suits 2^32 values under one passphrase (NIST SP 800-38D, 8.3).
 */
export class Seal {
  readonly #nameKey: Buffer;
  readonly #valueKey: Buffer;

  private constructor(master: Buffer) {
    const derive = (use: string): Buffer => Buffer.from(hkdfSync('sha256', master, '', `${SALT} ${use}`, 32));
    this.#nameKey = derive('name');
    this.#valueKey = derive('value');
  }

  /** Derives the keys from a passphrase. It takes a while, off the main thread. */
  static from(passphrase: string): Promise<Seal> {
    return new Promise((resolve, reject) => {
      scrypt(passphrase.normalize('NFC'), SALT, 32, COST, (error, master) => {
        if (error) reject(error);
        else resolve(new Seal(master));
      });
    });
  }

  /** The name under which something is kept: 64 hexadecimal digits that tell nothing. */
  nameOf(name: string): string {
    return createHmac('sha256', this.#nameKey).update(name).digest('hex');
  }

  /** @param key where the box will stand */
  close(key: string, fence: number, value: unknown): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#valueKey, iv).setAAD(boundTo(key, fence));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(value) ?? 'null', 'utf8'), cipher.final()]);
    return VERSION + Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** @returns what is in the box, or undefined where it was made with another key, for another place, or changed */
  open(key: string, fence: number, box: string): { value: unknown } | undefined {
    if (!box.startsWith(VERSION) || box.length > LONGEST_BOX) return undefined;
    const bytes = Buffer.from(box.slice(VERSION.length), 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#valueKey, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(boundTo(key, fence));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const clear = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      return { value: JSON.parse(clear.toString('utf8')) };
    } catch {
      return undefined;
    }
  }
}

function boundTo(key: string, fence: number): Buffer {
  return Buffer.from(`${SALT} ${fence} ${key}`);
}

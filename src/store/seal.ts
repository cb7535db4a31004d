import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * The number of the format of a record. A release reads its own format and the one before it; 0.1.0, whose records
 * began with `v1.`, was never published and is not read. When you change the format, raise the number, keep the code
 * that reads this one, and keep its fixture in `test/fixtures`.
 */
export const FORMAT = 2;

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** By how much the time beside a box may differ from the sealed one, in ms. */
const TIME_TOLERANCE = 60_000;

/** The longest box that is opened, in characters: a store may contain anything. */
export const LONGEST_BOX = 4 * 2 ** 20;

/** The values that are authenticated together with a content, besides the format and the key. */
export interface Stamp {
  readonly fence: number;
  /** When it was written, in ms since 1970, by the clock of the store. */
  readonly time: number;
  /** For how long it is valid, in ms. */
  readonly life: number;
}

/** The content of a box. */
export interface Opened extends Stamp {
  readonly value: unknown;
}

/**
 * Hides the names and contents of a store: names by HMAC-SHA256, contents by AES-256-GCM, each with a key derived from the master
 * key. A box can be opened only under the same key, with the same fencing number, time and life.
 * Initialization vectors are random 96-bit numbers, which is safe for 2^32 records per master key (NIST SP 800-38D, 8.3).
 */
export class Seal {
  readonly #nameKey: Buffer;
  readonly #contentKey: Buffer;

  /** @param master 32 random bytes */
  constructor(master: Buffer) {
    // The names stay the same in a later format, because the format is no part of them.
    const derive = (use: string): Buffer => Buffer.from(hkdfSync('sha256', master, '', `vg-auth store ${use}`, 32));
    this.#nameKey = derive('names');
    this.#contentKey = derive('contents');
  }

  /** The ID of a name: 64 hexadecimal digits, which do not reveal the name. */
  nameOf(name: string): string {
    return createHmac('sha256', this.#nameKey).update(name).digest('hex');
  }

  /**
   * @param key of the record
   * @param json the content, as JSON
   * @returns the box: `<format>.<time>.<life>.<sealed content>`
   */
  close(key: string, stamp: Stamp, json: string): string {
    const { time, life } = stamp;
    return `${FORMAT}.${time}.${life}.${seal(this.#contentKey, boundTo(key, FORMAT, stamp), Buffer.from(json))}`;
  }

  /**
   * @param key of the record
   * @param fence the fencing number in the record
   * @returns undefined if it was sealed with another key, for another place, in an unknown format, or changed
   */
  open(key: string, fence: number, box: string): Opened | undefined {
    if (box.length > LONGEST_BOX) return undefined;
    const [, format, time, life, sealed = ''] = /^(\d{1,4})\.(\d{1,16})\.(\d{1,16})\.([\w-]+)$/.exec(box) ?? [];
    if (format !== String(FORMAT)) return undefined;
    const stamp = { fence, time: Number(time), life: Number(life) };
    const clear = unseal(this.#contentKey, boundTo(key, FORMAT, stamp), sealed);
    if (!clear) return undefined;
    try {
      return { ...stamp, value: JSON.parse(clear.toString('utf8')) };
    } catch {
      return undefined;
    }
  }
}

/**
 * Whether a record is unchanged, and still valid.
 *
 * @param written the time next to the box, which is not sealed, in ms since 1970
 * @param now by the clock of the store, in ms since 1970
 */
export function isCurrent({ time, life }: Stamp, written: number, now: number): boolean {
  return Math.abs(written - time) <= TIME_TOLERANCE && now - time < life;
}

/**
 * Encrypts and authenticates.
 *
 * @param key 32 bytes
 * @param bound the text that has to be the same when it is opened
 */
export function seal(key: Buffer, bound: string, content: Buffer): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound));
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** @returns the content given to `seal`; undefined if the key is another one, or anything was changed */
export function unseal(key: Buffer, bound: string, text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  try {
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Only the key may contain a space, and it comes last: no two records have the same text. */
function boundTo(key: string, format: number, { fence, time, life }: Stamp): string {
  return `vg-auth record ${format} ${fence} ${time} ${life} ${key}`;
}

import { randomBytes, scrypt } from 'node:crypto';
import { seal, unseal } from './seal.ts';

/**
 * The number of the format of a sealed master key. A release reads its own format and the one before it,
 * and does not change others.
 */
const FORMAT = 2;

const KEY_BYTES = 32;
const SALT_BYTES = 32;

/** A record has one sealed master key, and for a while another one if somebody uses another encryption key. */
const MOST_KEYS = 4;

/** The longest record of master keys that is read, in characters. */
export const LONGEST_RECORD = 4_096;

/** Costs 32 MiB three times over (OWASP's recommendation for N = 2^15). */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 };

/** Derives a key of 32 bytes from a passphrase. It must not block the event loop. */
export type Derive = (passphrase: string, salt: Buffer) => Promise<Buffer>;

/** The last key derivation that this process started. It never fails. */
let last: Promise<unknown> = Promise.resolve();

/**
 * scrypt (RFC 7914) in the thread pool: about a third of a second on a small machine. One runs at a time in a process.
 * A deploy may open hundreds of stores, and files and names of hosts are read in the same four threads.
 */
export const deriveKey: Derive = (passphrase, salt) => {
  const derived = last.then(() => derive(passphrase, salt));
  last = derived.catch(() => undefined);
  return derived;
};

const derive: Derive = (passphrase, salt) =>
  new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });

/** A new master key: 256 random bits. */
export function newMasterKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * Seals a master key under a passphrase, with a random salt.
 *
 * @param place of the record: it cannot be opened elsewhere
 * @returns `<format>.<salt>.<sealed key>`
 */
export async function sealMasterKey(
  master: Buffer,
  passphrase: string,
  place: string,
  derive: Derive,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(passphrase, salt);
  return `${FORMAT}.${salt.toString('base64url')}.${seal(key, boundTo(place), master)}`;
}

/** @returns the master key; undefined if this passphrase does not open it, or its format is unknown */
export async function openMasterKey(
  sealed: string,
  passphrase: string,
  place: string,
  derive: Derive,
): Promise<Buffer | undefined> {
  const [, format, salt, box] = /^(\d{1,4})\.([\w-]{43})\.([\w-]+)$/.exec(sealed) ?? [];
  if (format !== String(FORMAT) || salt === undefined || box === undefined) return undefined;
  const master = unseal(await derive(passphrase, Buffer.from(salt, 'base64url')), boundTo(place), box);
  return master?.length === KEY_BYTES ? master : undefined;
}

/** The sealed keys of a record, including those of other formats. An invalid record has none. */
export function sealedKeysIn(record: string): string[] {
  if (record.length > LONGEST_RECORD || !/^\d{1,4}\.[\w.-]+( \d{1,4}\.[\w.-]+)*$/.test(record)) return [];
  return record.split(' ').slice(0, MOST_KEYS);
}

/** A record of sealed keys, for `sealedKeysIn`. If there are too many, the last ones are dropped. */
export function recordOfKeys(sealed: readonly string[]): string {
  return sealed.slice(0, MOST_KEYS).join(' ');
}

function boundTo(place: string): string {
  return `vg-auth master key ${FORMAT} ${place}`;
}

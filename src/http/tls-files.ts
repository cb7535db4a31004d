import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';

/** The TLS options that may come from a file. */
const FROM_FILES = ['ca', 'cert', 'key', 'pfx'] as const;

type FileOption = (typeof FROM_FILES)[number];

/** The paths of the files that TLS options come from. */
export type TlsPaths = { readonly [O in FileOption]?: string };

type Contents = Partial<Record<FileOption, Buffer>>;

/** TLS options as node:tls takes them. */
type TlsOptions = Readonly<Record<string, unknown>>;

/** More than one certificate authority is one text. */
const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * TLS options whose files may be replaced while they are used. A file is ignored as long as it is missing or contains no
 * certificate, and a key as long as it does not match its certificate because the other file is replaced later.
 */
export class TlsFiles {
  /** The paths of the files. */
  readonly paths: TlsPaths;
  #options: TlsOptions;
  /** The time and size of each file when it was read last. */
  #seen = new Map<FileOption, string>();
  #reading: Promise<void> | undefined;

  /** @param options with the contents of the files when they were first read. A path without an option in it is not used */
  constructor(options: object, paths: TlsPaths) {
    this.#options = { ...options };
    this.paths = paths;
  }

  /** The options: the same object as long as nothing has changed. */
  get options(): object {
    return this.#options;
  }

  /**
   * Reads the files whose time or size has changed. Never rejects.
   *
   * @param isUrgent whether all files are read, because a server refused the last contents
   */
  async refresh(isUrgent = false): Promise<void> {
    // A read that is under way may have compared times and sizes only.
    if (isUrgent) await this.#reading;
    this.#reading ??= this.#refresh(isUrgent).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #refresh(isUrgent: boolean): Promise<void> {
    const now = new Map<FileOption, string>();
    for (const option of this.#used) now.set(option, await stampOf(this.paths[option] ?? ''));
    if (!isUrgent && isDeepStrictEqual(now, this.#seen)) return;
    this.#seen = now;
    const found: Contents = {};
    for (const option of this.#used) {
      // A missing file is read when it exists again.
      const content = await readFile(this.paths[option] ?? '').catch(() => undefined);
      if (content) found[option] = content;
    }
    const { ca, ...identity } = found;
    if (ca && isAuthority(ca)) this.#lay({ ca });
    if (Object.keys(identity).length > 0 && this.#fits(identity)) this.#lay(identity);
  }

  get #used(): FileOption[] {
    return FROM_FILES.filter((option) => this.paths[option] && this.#options[option] !== undefined);
  }

  /** Whether key and certificate belong together, or the PFX file can be opened. */
  #fits(identity: Contents): boolean {
    const { cert, key, pfx, passphrase } = this.#options;
    try {
      createSecureContext({ cert, key, pfx, passphrase, ...identity } as object);
      return true;
    } catch {
      return false;
    }
  }

  #lay(contents: Contents): void {
    const isNew = Object.entries(contents).some(([option, content]) => !isSame(this.#options[option], content));
    if (isNew) this.#options = { ...this.#options, ...contents };
  }
}

/** The values that change when a file is replaced. Empty if it is missing. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
}

/** Whether this has at least one certificate, and none that is cut off. node:tls ignores invalid parts. */
function isAuthority(content: Buffer): boolean {
  const text = content.toString('latin1');
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || text.split('-----BEGIN ').length - 1 !== certificates.length) return false;
  try {
    for (const each of certificates) new X509Certificate(each);
    return true;
  } catch {
    return false;
  }
}

function isSame(one: unknown, two: Buffer): boolean {
  return Buffer.isBuffer(one) ? one.equals(two) : one === two.toString();
}

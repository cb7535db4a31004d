import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { AuthError } from '../../../src/core/errors.ts';

/** No secret is longer: the variable names another file. In bytes. */
const LONGEST = 65_536;

/**
 * Reads a value from a file, as Docker and Kubernetes provide secrets. One line break at its end is dropped.
 *
 * @param variable the variable of the value, for the error
 * @throws AuthError `AUTH_CONFIG` if the file cannot be read, is longer than 64 KiB, or is no text
 */
export async function readSecretFile(path: string, variable: string): Promise<string> {
  try {
    const bytes = await readAtMost(path, LONGEST + 1);
    if (bytes.length > LONGEST) throw Object.assign(new Error(), { code: 'EFBIG' });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch (thrown) {
    throw new AuthError('secret-file-unreadable', { variable, file: `${variable}_FILE`, cause: causeOf(thrown) });
  }
}

/** Never waits for a writer, as reading from a named pipe would. */
async function readAtMost(path: string, most: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const bytes = Buffer.alloc(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read) {
      ({ bytesRead: read } = await file.read(bytes, length, most - length));
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** The code of a file system error, such as `ENOENT`. */
function causeOf(thrown: unknown): string {
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : 'no text';
}

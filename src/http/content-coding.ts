import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** A body that cannot be decoded: it is cut off, too large, or not in the coding that its header names. */
export class CodingError extends Error {
  readonly fault: 'reply-cut' | 'reply-too-large' | 'reply-unreadable';
  /** The code of zlib. */
  readonly zlibCode: string;

  constructor(fault: CodingError['fault'], zlibCode: string) {
    super(fault);
    this.fault = fault;
    this.zlibCode = zlibCode;
  }
}

/** The most codings of a body. */
const MOST_CODINGS = 3;

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
const fromGzip: Decoder = promisify(gunzip);
const fromZlib: Decoder = promisify(inflate);
const fromDeflate: Decoder = promisify(inflateRaw);
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: fromGzip,
  'x-gzip': fromGzip,
  br: promisify(brotliDecompress),
  // Some servers omit the zlib header (RFC 9110 8.4.1.2), which has 8 in its first four bits.
  deflate: (bytes, options) => ((bytes[0] ?? 0) % 16 === 8 ? fromZlib : fromDeflate)(bytes, options),
};

/**
 * The codings of a body (RFC 9110 8.4), in the order in which they were applied. Requests ask for none, but some servers
 * and proxies compress all replies.
 */
export function codingsOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  const names = String(header)
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

/**
 * Decodes a body.
 *
 * @param limit the largest result of each step, in bytes
 * @throws CodingError
 */
export async function decode(body: Buffer, codings: readonly string[], limit: number): Promise<Buffer> {
  if (body.length === 0) return body;
  const decoders = [...codings].reverse().map((name) => (Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined));
  if (decoders.length > MOST_CODINGS) throw new CodingError('reply-unreadable', 'UNKNOWN_CODING');
  let bytes = body;
  for (const decoder of decoders) {
    if (!decoder) throw new CodingError('reply-unreadable', 'UNKNOWN_CODING');
    try {
      bytes = await decoder(bytes, { maxOutputLength: limit });
    } catch (failure) {
      throw codingError((failure as NodeJS.ErrnoException).code ?? 'UNKNOWN');
    }
  }
  return bytes;
}

function codingError(code: string): CodingError {
  if (code === 'ERR_BUFFER_TOO_LARGE') return new CodingError('reply-too-large', code);
  return new CodingError(code === 'Z_BUF_ERROR' ? 'reply-cut' : 'reply-unreadable', code);
}

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** Why a body cannot be decoded: it is cut, it unfolds into too much, or it is not what its header says. */
export class CodingError extends Error {
  readonly fault: 'reply-cut' | 'reply-too-large' | 'reply-unreadable';
  /** What zlib calls it. */
  readonly zlibCode: string;

  constructor(fault: CodingError['fault'], zlibCode: string) {
    super(fault);
    this.fault = fault;
    this.zlibCode = zlibCode;
  }
}

/** A body with more codings than this is no honest one. */
const MOST_CODINGS = 3;

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
const fromGzip: Decoder = promisify(gunzip);
const fromZlib: Decoder = promisify(inflate);
const fromDeflate: Decoder = promisify(inflateRaw);
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: fromGzip,
  'x-gzip': fromGzip,
  br: promisify(brotliDecompress),
  // Some servers leave the zlib header out (RFC 9110 8.4.1.2). Its first half byte is 8.
  deflate: (bytes, options) => ((bytes[0] ?? 0) % 16 === 8 ? fromZlib : fromDeflate)(bytes, options),
};

/**
 * The codings that a body is in (RFC 9110 8.4), in the order in which they were applied. A reply is asked for without
 * any, but servers and proxies exist that compress whatever is asked for.
 */
export function codingsOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  const names = String(header)
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

/**
 * Undoes the codings of a body.
 *
 * @param limit the most that any step may unfold into, in bytes
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

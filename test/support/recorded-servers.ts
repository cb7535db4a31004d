import { readFileSync } from 'node:fs';
import type { Answer } from './servers.ts';

/** A request to a real server, and its reply. Secrets and tokens are shortened. */
export interface RecordedReply {
  what: string;
  request: { method: string; path: string; form?: Record<string, string> };
  reply: { status: number; headers: Record<string, string>; body: string };
}

/** All recorded replies of a server, by their case. */
export function recordedReplies(name: 'identityserver4' | 'openiddict'): Map<string, RecordedReply> {
  const file = new URL(`../fixtures/${name}.json`, import.meta.url);
  const { replies } = JSON.parse(readFileSync(file, 'utf8')) as { replies: RecordedReply[] };
  return new Map(replies.map((reply) => [reply.what, reply]));
}

/** A recorded reply as a test server sends it: all headers except those that depend on the connection. */
export function answerOf({ reply: { status, headers, body } }: RecordedReply): Answer {
  const { 'transfer-encoding': _chunked, 'content-length': _length, ...kept } = headers;
  return { status, headers: kept, body };
}

import { createHmac, randomBytes } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { Session } from '../../../src/visual-guard/session/session.ts';
import { deployedNodes } from '../config/deployed.ts';

/** How many sessions a page has by default, and at most. It has at least one. */
const PAGE = { usual: 100, most: 1_000 };

/** An open session, as `GET vg-auth/sessions` reports it. Times are in ms since 1970. */
export interface ListedSession {
  /** Not the handle: nobody can use the session with it. */
  id: string;
  /** The id of the config node. */
  server: string;
  user: string;
  since: number;
  expires_at: number;
  renewed_at: number;
}

/** A session, with its config node and connection. */
export interface OpenSession {
  session: Session;
  connection: VisualGuardServer;
  /** The id of the config node. */
  server: string;
}

/** A filter for sessions. */
export interface SessionQuery {
  server?: string | undefined;
  user?: string | undefined;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** The IDs of the sessions, which are valid as long as this process runs. */
const KEY = randomBytes(32);

/** The id by which a session is named in the routes. */
export function idOfSession({ handle }: Session): string {
  return createHmac('sha256', KEY).update(handle).digest('base64url').slice(0, 24);
}

/** The sessions that this process has in memory, oldest first. Config nodes of equal content share theirs, which are listed once. */
export function openSessions(RED: NodeAPI, { server, user }: SessionQuery = {}): OpenSession[] {
  const seen = new Set<VisualGuardServer>();
  const all: OpenSession[] = [];
  for (const node of deployedNodes(RED)) {
    const { connection, id } = node;
    if (!(connection instanceof VisualGuardServer) || (server !== undefined && server !== id)) continue;
    if (seen.has(connection)) continue;
    seen.add(connection);
    for (const session of connection.openSessions()) {
      if (user === undefined || session.user === user) all.push({ session, connection, server: id });
    }
  }
  return all.sort((a, b) => a.session.since - b.session.since);
}

/** One page of the sessions. @returns `next` is the start of the next page; absent on the last one */
export function listSessions(
  RED: NodeAPI,
  query: SessionQuery,
): { sessions: ListedSession[]; total: number; next?: string } {
  const all = openSessions(RED, query);
  const limit = Math.min(Math.max(1, query.limit ?? PAGE.usual), PAGE.most);
  const begin = beginOf(all, query.after);
  const page = all.slice(begin, begin + limit);
  const end = begin + page.length;
  return { sessions: page.map(listed), total: all.length, ...(end < all.length ? { next: markOf(all, end) } : {}) };
}

/** The position of a session: when it began, and how many sessions of that second are before it. */
function markOf(all: readonly OpenSession[], index: number): string {
  const since = all[index]?.session.since ?? 0;
  const first = all.findIndex(({ session }) => session.since >= since);
  return `${since}.${index - first}`;
}

/** The index of the first session of a page. Sessions that ended between two pages move it by no more than those of one second. */
function beginOf(all: readonly OpenSession[], after: string | undefined): number {
  if (after === undefined) return 0;
  const [since = 0, count = 0] = after.split('.').map(Number);
  const first = all.findIndex(({ session }) => session.since >= since);
  if (first === -1) return all.length;
  return all[first]?.session.since === since ? first + count : first;
}

function listed({ session, server }: OpenSession): ListedSession {
  const { user, token } = session.content;
  return {
    id: idOfSession(session),
    server,
    user,
    since: session.since * 1_000,
    expires_at: token.expiresAt,
    renewed_at: token.obtainedAt,
  };
}

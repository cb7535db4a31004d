import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { Session } from '../../../src/visual-guard/session/session.ts';
import type { StatusLine } from '../status.ts';

/**
 * Shows the life of the stored user's session, whoever began it.
 *
 * @returns a function that ends it
 */
export function followStoredUser(server: VisualGuardServer, status: StatusLine): () => void {
  let unfollow: (() => void) | undefined;
  const follow = (session: Session | undefined): void => {
    unfollow?.();
    unfollow = session?.changes.add((state) => status.source(state));
    if (session?.source.token) status.valid(session.source.token);
    else status.idle();
  };
  follow(server.storedSession);
  const stop = server.changes.add(({ session }) => follow(session));
  return () => {
    stop();
    unfollow?.();
  };
}

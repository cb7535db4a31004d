import type { VgsAccount } from '../../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { Session } from '../../../src/visual-guard/session/session.ts';
import type { StatusLine } from '../status.ts';

/** Shows the state of a connection and its changes in a status. @returns a function that stops it */
export type Follow<T> = (connection: T) => () => void;

/** Shows the token of a service account, whichever node requested it. */
export function accountFollower(status: StatusLine): Follow<VgsAccount> {
  return (account) => {
    status.source(account.state);
    return account.changes.add((state) => status.source(state));
  };
}

/** Shows the session of a server's stored user, whichever node started it. */
export function storedUserFollower(status: StatusLine): Follow<VisualGuardServer> {
  return (server) => {
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
  };
}

/** Shows no connection. The status of the node is about its own messages only. */
export function noFollower(status: StatusLine): Follow<unknown> {
  return () => {
    status.idle();
    return () => {};
  };
}

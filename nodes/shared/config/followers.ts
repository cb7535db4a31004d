import type { VgsAccount } from '../../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { Session } from '../../../src/visual-guard/session/session.ts';
import type { StatusLine } from '../status.ts';

/** Shows the state of a connection in a status, and its changes. @returns ends that */
export type Follow<T> = (connection: T) => () => void;

/** Follows the token of a service account, whoever uses it. */
export function accountFollower(status: StatusLine): Follow<VgsAccount> {
  return (account) => {
    status.source(account.state);
    return account.changes.add((state) => status.source(state));
  };
}

/** Follows the session of a server's stored user, whoever began it. */
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

/** Follows nothing: the node shows only what its own messages do. */
export function noFollower(status: StatusLine): Follow<unknown> {
  return () => {
    status.idle();
    return () => {};
  };
}

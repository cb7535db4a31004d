import { LRUCache } from 'lru-cache';
import type { VisualGuardResponse } from '../dialect/reply.ts';

/** What the server said when somebody signed in. A refresh says nothing of it, so it stays with the session. */
export type Login = Readonly<Pick<VisualGuardResponse, 'status' | 'warnings'>>;

/** Most logins of a server say the same, so that many sessions share one. */
const known = new LRUCache<string, Login>({ max: 100 });

/** What a reading says of the login. The same object for all that say the same. */
export function loginOf({ status, warnings }: Login): Login {
  const text = JSON.stringify([status, warnings]);
  let login = known.get(text);
  if (!login) {
    login = Object.freeze({ status, warnings });
    known.set(text, login);
  }
  return login;
}

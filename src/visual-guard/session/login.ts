import { LRUCache } from 'lru-cache';
import type { VisualGuardResponse } from '../dialect/reply.ts';

/** The server's response to the sign-in. A refresh does not repeat it, so the session keeps it. */
export type Login = Readonly<Pick<VisualGuardResponse, 'status' | 'warnings'>>;

/** Most sign-ins at a server have the same status and warnings, so their sessions share one object. */
const known = new LRUCache<string, Login>({ max: 100 });

/** The login of a response: the same object for equal content. */
export function loginOf({ status, warnings }: Login): Login {
  const text = JSON.stringify([status, warnings]);
  let login = known.get(text);
  if (!login) {
    login = Object.freeze({ status, warnings });
    known.set(text, login);
  }
  return login;
}

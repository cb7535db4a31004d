import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import type { Credentials } from '../../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { asText, readTyped, type Typed } from './values.ts';

/** The property that holds a session handle where none is named. */
const USUAL_HANDLE = 'auth.session';

/** Whose session a node means. */
export interface MeantUser {
  /** Empty where a handle was given that finds nothing. */
  user: string;
  session: Session | undefined;
  /** The handle that was given, where it is by a handle that a session is meant. */
  handle?: string;
}

/** How `attach-bearer` and `vg-logout` say whose session they mean. */
export function userSetting(config: { user?: string; userType?: string }): Typed {
  const type = config.userType || 'stored';
  return { type, value: config.user || (type === 'session' ? USUAL_HANDLE : '') };
}

/**
 * The stored user of a server's config node.
 *
 * @param lost whether the config node has no credentials at all
 * @throws AuthError `AUTH_CONFIG` where none is stored
 */
export function storedPerson(server: VisualGuardServer, lost = false): Credentials {
  const person = server.storedPerson;
  if (person) return person;
  const property = server.wire.stored.user === '' ? 'username' : 'password';
  throw new AuthError(lost ? 'credentials-missing' : 'property-missing', { property });
}

/**
 * Finds whose session is meant, in memory. It is asynchronous only for context stores.
 *
 * @throws AuthError `AUTH_CONFIG` where a user name is wanted and none is there, or the stored user is meant and none is stored
 */
export function meantUser(
  RED: NodeAPI,
  node: Node,
  server: VisualGuardServer,
  setting: Typed,
  msg: NodeMessage,
): MeantUser | Promise<MeantUser> {
  if (setting.type === 'stored') {
    return { user: storedPerson(server).user, session: server.storedSession };
  }
  const found = readTyped(RED, node, setting, msg);
  return found instanceof Promise
    ? found.then((value) => named(server, setting, value))
    : named(server, setting, found);
}

/**
 * As `meantUser`; what is not in memory is looked for in the session store, if there is one.
 *
 * @throws AuthError `AUTH_STORE` where that does not answer, and as `meantUser`
 */
export async function soughtUser(
  RED: NodeAPI,
  node: Node,
  server: VisualGuardServer,
  setting: Typed,
  msg: NodeMessage,
): Promise<MeantUser> {
  const meant = await meantUser(RED, node, server, setting, msg);
  const session = meant.session ?? (await findSession(server, setting, meant));
  return { ...meant, user: session?.user ?? meant.user, session };
}

function findSession(
  server: VisualGuardServer,
  setting: Typed,
  { user, handle }: MeantUser,
): Promise<Session | undefined> {
  if (setting.type === 'stored') return server.storedUser.findSession();
  return handle === undefined ? server.findSessionOf(user) : server.findSessionWith(handle);
}

function named(server: VisualGuardServer, setting: Typed, found: unknown): MeantUser {
  const text = asText(found, setting, 'user');
  if (setting.type === 'session') {
    const session = text === '' ? undefined : server.sessionWith(text);
    return { user: session?.user ?? '', session, handle: text };
  }
  if (text === '') throw new AuthError('user-missing', { property: setting.value || 'user' });
  return { user: text, session: server.sessionOf(text) };
}

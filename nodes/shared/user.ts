import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import type { Credentials } from '../../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { asText, isInContext, readTyped, type Typed } from './values.ts';

/** The message property with a session handle if the dialog names none. */
const DEFAULT_HANDLE = 'auth.session';

/** The user that a message is about, and the session of that user. */
export interface SessionUser {
  /** Empty if a handle was given and there is no session with it. */
  user: string;
  session: Session | undefined;
  /** The session handle, if the node finds sessions by handle. */
  handle?: string;
}

/** The setting of `attach-bearer` and `vg-logout` that selects a user or session. */
export function userSetting({ user, userType }: { user: string; userType: string }): Typed {
  return { type: userType, value: user || (userType === 'session' ? DEFAULT_HANDLE : '') };
}

/**
 * The stored user of a server's config node.
 *
 * @param lost whether Node-RED has lost the credentials of the config node
 * @throws AuthError `AUTH_CONFIG` if no user is stored
 */
export function storedCredentials(server: VisualGuardServer, lost = false): Credentials {
  const credentials = server.storedCredentials;
  if (credentials) return credentials;
  const property = server.wire.stored.user === '' ? 'username' : 'password';
  throw new AuthError(lost ? 'credentials-missing' : 'property-missing', { property });
}

/**
 * Finds the user of a message and the newest session in memory. It takes no asynchronous step.
 *
 * @returns undefined if the name is in a context store: that may answer later, so `readUser` reads it
 * @throws AuthError `AUTH_CONFIG` if there is no user name, or no user is stored
 */
export function currentUser(
  RED: NodeAPI,
  node: Node,
  server: VisualGuardServer,
  setting: Typed,
  msg: NodeMessage,
): SessionUser | undefined {
  if (setting.type === 'stored') return { user: storedCredentials(server).user, session: server.storedSession };
  return isInContext(setting) ? undefined : userOf(server, setting, readTyped(RED, node, setting, msg));
}

/**
 * Finds the user of a message and the newest session in memory, whatever the type of the setting.
 *
 * @throws AuthError `AUTH_CONFIG` if there is no user name, or no user is stored
 */
export async function readUser(
  RED: NodeAPI,
  node: Node,
  server: VisualGuardServer,
  setting: Typed,
  msg: NodeMessage,
): Promise<SessionUser> {
  if (setting.type === 'stored') return { user: storedCredentials(server).user, session: server.storedSession };
  return userOf(server, setting, await readTyped(RED, node, setting, msg));
}

/**
 * As `readUser`. A session that is not in memory is looked for in the session store, if there is one.
 *
 * @throws AuthError `AUTH_STORE` if the store does not answer, and as `readUser`
 */
export async function findUser(
  RED: NodeAPI,
  node: Node,
  server: VisualGuardServer,
  setting: Typed,
  msg: NodeMessage,
): Promise<SessionUser> {
  const found = await readUser(RED, node, server, setting, msg);
  const session = found.session ?? (await findSession(server, setting, found));
  return { ...found, user: session?.user ?? found.user, session };
}

function findSession(
  server: VisualGuardServer,
  setting: Typed,
  { user, handle }: SessionUser,
): Promise<Session | undefined> {
  if (setting.type === 'stored') return server.storedUser.findSession();
  return handle === undefined ? server.findSessionOf(user) : server.findSessionWith(handle);
}

function userOf(server: VisualGuardServer, setting: Typed, found: unknown): SessionUser {
  const text = asText(found, setting, 'user');
  if (setting.type === 'session') {
    const session = text === '' ? undefined : server.sessionWith(text);
    return { user: session?.user ?? '', session, handle: text };
  }
  if (text === '') throw new AuthError('user-missing', { property: setting.value || 'user' });
  return { user: text, session: server.sessionOf(text) };
}

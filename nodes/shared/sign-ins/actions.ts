import type { NodeAPI } from 'node-red';
import { PRACTICE_VG_URL } from '../../../src/core/practice-defaults.ts';
import { VgsAccount } from '../../../src/vgs/account.ts';
import { type FoundChallenge, findChallenge } from '../../../src/visual-guard/challenge/find.ts';
import type { Outcome } from '../../../src/visual-guard/outcome.ts';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { deployedNodes } from '../config/deployed.ts';
import { type Auth, authOfOutcome } from '../msg-auth.ts';
import { engineOf } from '../runtime.ts';
import { type Account, accountOf, isAccount } from './account.ts';
import { sendsLinkTo } from './event-log.ts';
import { idOfSession, openSessions } from './session-list.ts';

/** A message without a chosen method, which tries again in spite of an earlier refusal. */
const AGAIN = { method: 'ask', reset: true };

/** The same options as for a message that does not repeat a held-back password. */
const CAREFULLY = { method: 'ask', reset: false };

/** The reasons for which an action is refused. */
export class ActionError extends Error {
  readonly status: 404 | 409;
  readonly fault: 'unknown-account' | 'unknown-session' | 'no-stored-user';

  constructor(status: 404 | 409, fault: ActionError['fault']) {
    super(fault);
    this.status = status;
    this.fault = fault;
  }
}

/** The actions on an account. */
export type AccountAction = 'renew' | 'sign-in' | 'sign-out';

/** The actions on a challenge. */
export type ChallengeAction = 'choose' | 'submit' | 'click';

/**
 * Runs an action on an account.
 *
 * @returns the account afterwards, even if the server refuses or cannot be reached
 * @throws ActionError if there is no such account, or a server has no stored user
 */
export async function actOnAccount(RED: NodeAPI, id: string, action: AccountAction): Promise<Account> {
  const node = accountNode(RED, id);
  const { connection } = node;
  // Failures are in the state of the account.
  if (connection instanceof VgsAccount) await actOnVgs(connection, action).catch(() => undefined);
  if (connection instanceof VisualGuardServer) {
    if (!connection.storedCredentials) throw new ActionError(409, 'no-stored-user');
    await actOnServer(connection, action).catch(() => undefined);
  }
  return accountOf(RED, node);
}

function accountNode(RED: NodeAPI, id: string): ConnectionNode<unknown> {
  const node = deployedNodes(RED).find((each) => each.id === id && isAccount(each));
  if (!node) throw new ActionError(404, 'unknown-account');
  return node;
}

async function actOnVgs(account: VgsAccount, action: AccountAction): Promise<void> {
  if (action === 'sign-out') await account.forget();
  else await account.source.renewNow();
}

async function actOnServer(server: VisualGuardServer, action: AccountAction): Promise<void> {
  if (action === 'sign-out') {
    await server.signOutUser(server.storedCredentials?.user ?? '').finally(() => server.storedUser.forget());
  } else if (action === 'sign-in') {
    await server.signInStored(AGAIN);
  } else {
    // After a restart, it may be in the session store only.
    const session = server.storedSession ?? (await server.storedUser.findSession().catch(() => undefined));
    if (session) await session.source.renewNow();
    else await server.signInStored(CAREFULLY);
  }
}

/**
 * Takes a step of a stored user's challenge.
 *
 * @param value the method or the code; nothing for a click
 * @returns the properties that a message would get in `msg.auth`: `state`, `reason` and `challenge`
 * @throws AuthError if the server cannot be reached
 */
export async function actOnChallenge(
  RED: NodeAPI,
  id: string,
  action: ChallengeAction,
  value: string,
): Promise<Pick<Auth, 'state' | 'reason' | 'challenge'>> {
  const found = await storedChallenge(RED, id);
  if (typeof found === 'string') return { state: 'refused', reason: found };
  if (action === 'click') {
    // Only a link of the practice server that was sent can be clicked.
    const isSent = found.state === 'link-sent' && found.tokenUrl === PRACTICE_VG_URL;
    if (isSent) await engineOf(RED).practice.visualGuard.click(found.user);
    return partOf(found.where());
  }
  if (action === 'submit') return partOf(await found.submit(value));
  sendsLinkTo(found.user);
  return partOf(await found.choose(value));
}

/** A challenge of a stored user. Challenges of other users count as unknown. */
async function storedChallenge(RED: NodeAPI, id: string): Promise<FoundChallenge> {
  const servers = deployedNodes(RED).flatMap(({ connection }) =>
    connection instanceof VisualGuardServer ? [connection] : [],
  );
  const found: FoundChallenge = await findChallenge(servers, id);
  return typeof found === 'object' && !found.stored ? 'challenge-unknown' : found;
}

function partOf(outcome: Outcome): Pick<Auth, 'state' | 'reason' | 'challenge'> {
  const { state, reason, challenge } = authOfOutcome(outcome);
  return { state, ...(reason ? { reason } : {}), ...(challenge ? { challenge } : {}) };
}

/** Signs one session out. @throws ActionError if there is no such session in this process */
export async function signSessionOut(RED: NodeAPI, id: string): Promise<number> {
  const found = openSessions(RED).find(({ session }) => idOfSession(session) === id);
  if (!found) throw new ActionError(404, 'unknown-session');
  const { session, connection } = found;
  await connection.signOut(session, session.user);
  return 1;
}

/**
 * Signs out all sessions of a server that this process has in memory, or all of one user at any replica.
 *
 * @returns how many were signed out
 * @throws ActionError if there is no such server
 */
export async function signSessionsOut(RED: NodeAPI, server: string, user: string | undefined): Promise<number> {
  const { connection } = accountNode(RED, server);
  if (!(connection instanceof VisualGuardServer)) throw new ActionError(404, 'unknown-account');
  return user === undefined ? connection.signOutAllHere() : connection.forgetUser(user);
}

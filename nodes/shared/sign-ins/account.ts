import type { NodeAPI } from 'node-red';
import { PRACTICE_VG_URL } from '../../../src/core/practice-defaults.ts';
import type { AccountState } from '../../../src/oauth/account-state.ts';
import type { Counts } from '../../../src/oauth/counts.ts';
import { VgsAccount } from '../../../src/vgs/account.ts';
import type { OpenChallenge } from '../../../src/visual-guard/outcome.ts';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import { sentenceOf } from '../catalogue.ts';
import { sentenceOfTrouble } from '../changes/account-log.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { heldAt } from '../hold/held-count.ts';
import { type AuthChallenge, describeChallenge } from '../msg-auth.ts';
import { engineOf } from '../runtime.ts';

/** A deployed `vgs-account` or `vg-server`, as `GET vg-auth/accounts` reports it. Times are in ms since 1970. */
export interface Account {
  id: string;
  type: string;
  name: string;
  /** Empty if the address is unknown. */
  host: string;
  practice: boolean;
  /** The ids of the nodes that use it. */
  nodes: string[];
  state: AccountState['at'] | 'misconfigured';
  /** Whether messages get a token: false if it is refused, needs a human, fails, or is misconfigured. */
  ok: boolean;
  since: number;
  reason?: string;
  code?: string;
  message?: string;
  valid_until?: number;
  retry_at?: number;
  last_renewal?: { at: number; ms: number };
  user?: string;
  /** Messages on hold. */
  waiting?: number;
  challenge?: AuthChallenge & { state: string; practice?: { code?: string; link?: string } };
  counts: Counts;
}

const NO_COUNTS: Counts = { requests: 0, hits: 0, waits: 0, refusals: 0 };

/** Whether a config node is a `vgs-account` or a `vg-server`. */
export function isAccount({ type }: ConnectionNode<unknown>): boolean {
  return type === 'vgs-account' || type === 'vg-server';
}

/** The report about a config node. It contains no token, secret, code or session handle. */
export function accountOf(RED: NodeAPI, node: ConnectionNode<unknown>): Account {
  const { id, type, name = '', isPractice, connection, problem, startedAt } = node;
  const about = { id, type, name, practice: isPractice, nodes: Object.keys(node.users) };
  if (!(connection instanceof VgsAccount) && !(connection instanceof VisualGuardServer)) {
    const fault = problem ? { code: problem.code, message: sentenceOf(RED, problem) } : {};
    return {
      ...about,
      host: '',
      state: 'misconfigured',
      ok: false,
      since: startedAt,
      ...fault,
      counts: { ...NO_COUNTS },
    };
  }
  const { states, metrics, host } = connection;
  const lastRenewal = metrics.lastToken;
  const waiting = heldAt(RED, id);
  return {
    ...about,
    host,
    ...reportOf(RED, states),
    ...(lastRenewal ? { last_renewal: { ...lastRenewal } } : {}),
    ...(connection instanceof VisualGuardServer ? userOf(RED, node, connection) : {}),
    ...(waiting > 0 ? { waiting } : {}),
    counts: { ...metrics.counts },
  };
}

type Report = Pick<Account, 'state' | 'ok' | 'since' | 'reason' | 'code' | 'message' | 'valid_until' | 'retry_at'>;

function reportOf(RED: NodeAPI, { state, since }: { state: AccountState; since: number }): Report {
  switch (state.at) {
    case 'valid':
      return { state: 'valid', ok: true, since, ...(state.token ? { valid_until: state.token.expiresAt } : {}) };
    case 'failing': {
      const { code, retryAt } = state.error;
      // Settings from a file or a vault may be wrong at run time only.
      const at = code === 'AUTH_CONFIG' ? 'misconfigured' : 'failing';
      const message = sentenceOf(RED, state.error);
      return { state: at, ok: false, since, code, message, ...(retryAt ? { retry_at: retryAt } : {}) };
    }
    case 'refused':
    case 'needs-human': {
      const { at, reason, retryAt } = state;
      const message = sentenceOfTrouble(RED, state);
      return {
        state: at,
        ok: false,
        since,
        ...(reason ? { reason } : {}),
        message,
        ...(retryAt ? { retry_at: retryAt } : {}),
      };
    }
    default:
      return { state: state.at, ok: true, since };
  }
}

/** The stored user of a server, and the challenge that is open. */
function userOf(
  RED: NodeAPI,
  node: ConnectionNode<unknown>,
  { storedCredentials, storedUser }: VisualGuardServer,
): Pick<Account, 'user' | 'challenge'> {
  const user = storedCredentials ? { user: storedCredentials.user } : {};
  const { challenge } = storedUser;
  if (!challenge) return user;
  const practice = node.isPractice && challenge.tokenUrl === PRACTICE_VG_URL ? practiceOf(RED, challenge) : {};
  return { ...user, challenge: { ...describeChallenge(challenge), state: challenge.state, ...practice } };
}

/** The code or link that the practice server has sent for a challenge. It protects nothing, and is valid for the next step only. */
function practiceOf(RED: NodeAPI, { user, state }: OpenChallenge): { practice?: { code?: string; link?: string } } {
  const delivery = engineOf(RED).practice.visualGuard.inboxOf(user);
  const awaited = { 'code-required': 'code', 'link-sent': 'link', 'mfa-required': undefined }[state];
  return delivery && delivery.kind === awaited ? { practice: { [delivery.kind]: delivery.text } } : {};
}

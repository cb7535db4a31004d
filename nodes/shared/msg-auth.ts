import type { NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import type { Reason, Warning } from '../../src/core/reasons.ts';
import { HiddenText } from '../../src/core/redaction.ts';
import { type Token, toMessageToken } from '../../src/oauth/token.ts';
import type { Challenged, OpenChallenge, Outcome, Refused, SignedIn } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardStatus } from '../../src/visual-guard/outcome-data.ts';
import { variableIn } from './config/variables.ts';

/** The contents of `msg.auth`. */
export interface Auth {
  system?: 'vgs' | 'vg';
  state: 'signed-in' | 'mfa-required' | 'code-required' | 'link-sent' | 'refused' | 'signed-out' | 'sign-in-needed';
  user?: string;
  /** It prints as `[redacted]`, because anyone who has it has the session. `String(session)` is its text. */
  session?: HiddenText;
  reason?: Reason;
  error?: string;
  error_description?: string;
  warnings?: Warning[];
  missing_scope?: string[];
  /** ms since 1970 */
  retry_at?: number;
  enrollment_url?: string;
  revoked?: string[];
  challenge?: AuthChallenge;
  status?: VisualGuardStatus & { from_login?: true };
  /** Messages are on hold until the user is signed in. */
  held?: true;
}

/** A challenge as messages and the admin routes have it. */
export interface AuthChallenge {
  id: string;
  /** ms since 1970 */
  expires_at: number;
  attempts: number;
  method?: string;
  methods: { id: string; kind: string; transport: string; destination: string; label: string }[];
}

/** The outputs of a node that signs users in, from 0. */
export const OUTPUT = { signedIn: 0, challenge: 1, refused: 2 } as const;

/** The argument for `send` that sends a message by one output. @param index the output, from 0 */
export function byOutput(index: number, msg: NodeMessage): (NodeMessage | null)[] {
  const outputs: (NodeMessage | null)[] = new Array(index).fill(null);
  outputs.push(msg);
  return outputs;
}

/**
 * The property that receives the token.
 *
 * @throws AuthError `AUTH_CONFIG` if it is an environment variable without a value
 */
export function tokenProperty({ property }: { property: string }): string {
  const variable = variableIn(property);
  if (variable !== undefined) throw new AuthError('variable-missing', { property: 'property', variable });
  return property || 'token';
}

/**
 * Puts a token on a message.
 *
 * @throws AuthError `AUTH_CONFIG` if a part of the path is not an object
 */
export function setToken(RED: NodeAPI, msg: NodeMessage, property: string, token: Token): void {
  let isSet: boolean;
  try {
    isSet = RED.util.setMessageProperty(msg, property, toMessageToken(token), true);
  } catch {
    isSet = false;
  }
  if (!isSet) throw new AuthError('property-unusable', { property });
}

/**
 * Puts a token on a message in place of the one that is there, if the property is a plain name: Node-RED would parse the
 * path for each message.
 *
 * @returns false if that is not possible
 */
export function replaceToken(msg: NodeMessage, property: string, token: Token): boolean {
  if (property !== 'token' && !/^(?!__proto__$)[A-Za-z_$][\w$]*$/.test(property)) return false;
  try {
    (msg as unknown as Record<string, unknown>)[property] = toMessageToken(token);
    return true;
  } catch {
    // The message is frozen, or the property cannot be written.
    return false;
  }
}

/** `msg.auth` for a VGS token. */
export function authOfVgsToken(token: Token): Auth {
  if (token.missingScope.length === 0) return { system: 'vgs', state: 'signed-in' };
  return { system: 'vgs', state: 'signed-in', ...readScopeWarnings(token, []) };
}

/** `msg.auth` for any outcome of a Visual Guard sign-in. */
export function authOfOutcome(outcome: Outcome): Auth {
  if (outcome.state === 'signed-in') return authOfSignIn(outcome);
  return outcome.state === 'refused' ? authOfRefusal('vg', outcome) : authOfChallenge(outcome);
}

function authOfSignIn({ session, token, fromLogin }: SignedIn): Auth {
  const { login } = session;
  return {
    system: 'vg',
    state: 'signed-in',
    user: session.user,
    session: new HiddenText(session.handle),
    ...readScopeWarnings(token, login?.warnings ?? []),
    ...(login ? { status: { ...copyStatus(login.status), ...(fromLogin ? { from_login: true as const } : {}) } } : {}),
  };
}

/** `msg.auth` for a refusal of either system. */
export function authOfRefusal(system: 'vgs' | 'vg', refused: Omit<Refused, 'state'>): Auth {
  return {
    system,
    state: 'refused',
    ...(refused.user ? { user: refused.user } : {}),
    reason: refused.reason,
    ...(refused.error ? { error: refused.error } : {}),
    ...(refused.errorDescription ? { error_description: refused.errorDescription } : {}),
    ...(refused.retryAt ? { retry_at: refused.retryAt } : {}),
    ...(refused.enrollmentUrl ? { enrollment_url: refused.enrollmentUrl } : {}),
    ...(refused.status ? { status: copyStatus(refused.status) } : {}),
  };
}

function authOfChallenge({ state, challenge, reason, retryAt, status }: Challenged): Auth {
  return {
    system: 'vg',
    state,
    user: challenge.user,
    ...(reason ? { reason } : {}),
    ...(retryAt ? { retry_at: retryAt } : {}),
    challenge: describeChallenge(challenge),
    ...(status ? { status: copyStatus(status) } : {}),
  };
}

/** A challenge without the data that only the server needs. */
export function describeChallenge({ id, expiresAt, attempts, method, methods }: OpenChallenge): AuthChallenge {
  return {
    id,
    expires_at: expiresAt,
    attempts,
    ...(method ? { method: method.id } : {}),
    methods: methods.map(({ id: methodId, kind, transport, destination, label }) => ({
      id: methodId,
      kind,
      transport,
      destination,
      label,
    })),
  };
}

function readScopeWarnings(token: Token, warnings: readonly Warning[]): Pick<Auth, 'warnings' | 'missing_scope'> {
  const all: Warning[] = token.missingScope.length > 0 ? [...warnings, 'scope-missing'] : [...warnings];
  return {
    ...(all.length > 0 ? { warnings: all } : {}),
    ...(token.missingScope.length > 0 ? { missing_scope: [...token.missingScope] } : {}),
  };
}

/** A copy, because a flow can change its message, but must not change the data of the engine. */
function copyStatus({ authentication, authorization }: VisualGuardStatus): VisualGuardStatus {
  return {
    authentication: { value: authentication.value, names: [...authentication.names] },
    authorization: { value: authorization.value, names: [...authorization.names] },
  };
}

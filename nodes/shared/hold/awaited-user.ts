import type { NodeAPI } from 'node-red';
import type { Cancel } from '../../../src/core/clock.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { SignInNews } from '../../../src/visual-guard/sign-in/awaited-sign-ins.ts';
import type { Bearer, BearerResult } from '../bearer/bearer.ts';
import type { OpenNode } from '../config/config-reference.ts';
import { deployedNodes } from '../config/deployed.ts';
import { type Auth, authOfOutcome } from '../msg-auth.ts';

/** The reasons that only a human can resolve. `held-back`: nobody has answered the challenge. */
const FOR_A_HUMAN: readonly (Reason | undefined)[] = ['no-session', 'session-expired', 'token-rejected', 'held-back'];

/** Whether a message that leaves with this `msg.auth` needs a human, so that it may wait for one. */
export function needsHuman({ state, reason }: Auth): boolean {
  if (state === 'mfa-required' || state === 'code-required' || state === 'link-sent') return true;
  return state === 'sign-in-needed' && FOR_A_HUMAN.includes(reason);
}

/** Gets a token of a user, and signs the user in if that needs no human. */
export interface TokenOfUser {
  /** The token that is valid now. It takes no asynchronous step. */
  current(): Bearer | undefined;
  /** @throws AuthError if there is no usable answer */
  ask(): Promise<BearerResult>;
}

/** The user that a message on hold waits for: the stored user of a server, or another one. */
export class AwaitedUser {
  /** The name. For the stored user, it is the name when the message arrived. */
  readonly user: string;
  readonly #node: OpenNode<VisualGuardServer>;
  readonly #isStored: boolean;
  readonly #token: TokenOfUser;

  constructor(node: OpenNode<VisualGuardServer>, isStored: boolean, user: string, token: TokenOfUser) {
    this.#node = node;
    this.#isStored = isStored;
    this.user = user;
    this.#token = token;
  }

  /** The same for all messages that wait for this user of this config node. */
  get key(): string {
    return JSON.stringify(this.#isStored ? [this.config] : [this.config, this.user]);
  }

  /** The id of the config node. */
  get config(): string {
    return this.#node.id;
  }

  current(): Bearer | undefined {
    return this.#token.current();
  }

  ask(): Promise<BearerResult> {
    return this.#token.ask();
  }

  /** Whether the config node is deployed. A deploy may have replaced it by another one. */
  isDeployed(RED: NodeAPI): boolean {
    return deployedNodes(RED).includes(this.#node);
  }

  /** Looks for a session that began at another replica. If there is one, it is reported to those who follow. Never rejects. */
  async find(): Promise<void> {
    const { connection } = this.#node;
    const finding = this.#isStored ? connection.storedUser.findSession() : connection.findSessionOf(this.user);
    await finding.catch(() => undefined);
  }

  /** Reports the sign-in, at any replica, until the returned function is called. */
  follow(listener: (news: SignInNews) => void): Cancel {
    const { signIns } = this.#node.connection;
    return this.#isStored ? signIns.ofStoredUser(listener) : signIns.ofUser(this.user, listener);
  }

  /** `msg.auth` of a message that leaves without a token, with the challenge that is open now. @param auth its value on arrival */
  neededNow(auth: Auth): Auth {
    if (!auth.challenge) return auth;
    const { challenge } = this.#node.connection.storedUser;
    return challenge ? authOfOutcome(challenge.where()) : withoutChallenge(auth);
  }
}

/** `msg.auth` of a message that waited for a challenge that can no longer be answered. */
export function withoutChallenge({ system, user }: Auth): Auth {
  return { ...(system ? { system } : {}), state: 'sign-in-needed', ...(user ? { user } : {}), reason: 'held-back' };
}

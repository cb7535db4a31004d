import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Token } from '../../../src/oauth/token.ts';
import type { OpenChallenge } from '../../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { Session } from '../../../src/visual-guard/session/session.ts';
import type { OpenNode } from '../config/config-reference.ts';
import { AwaitedUser } from '../hold/awaited-user.ts';
import { type Auth, authOfOutcome, authOfRefusal } from '../msg-auth.ts';
import { currentUser, findUser, readUser, storedCredentials } from '../user.ts';
import type { Typed } from '../values.ts';
import type { BearerResult } from './bearer.ts';
import type { BearerSource } from './bearer-source.ts';

/** A Visual Guard session: of the stored user, whom the node signs in if that needs no human, or of another user. */
export class VisualGuardBearer implements BearerSource {
  readonly id: string;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #config: OpenNode<VisualGuardServer>;
  readonly #server: VisualGuardServer;
  readonly #setting: Typed;

  constructor(RED: NodeAPI, node: Node, config: OpenNode<VisualGuardServer>, setting: Typed) {
    this.id = config.id;
    this.#RED = RED;
    this.#node = node;
    this.#config = config;
    this.#server = config.connection;
    this.#setting = setting;
  }

  current(msg: NodeMessage): Token | undefined {
    if (this.#setting.type === 'stored') return this.#server.storedSession?.source.current();
    return currentUser(this.#RED, this.#node, this.#server, this.#setting, msg)?.session?.source.current();
  }

  challenge(): OpenChallenge | undefined {
    return this.#setting.type === 'stored' ? this.#server.storedUser.challenge : undefined;
  }

  async seek(msg: NodeMessage): Promise<BearerResult> {
    if (this.#setting.type === 'stored') {
      // The owner has to be known before it is deleted.
      storedCredentials(this.#server);
      const reset = msg.reset === true;
      if (reset) delete msg.reset;
      return this.#askStored(reset);
    }
    const { user, session } = await findUser(this.#RED, this.#node, this.#server, this.#setting, msg);
    return ask(user, session);
  }

  async reject(msg: NodeMessage, generation: number | undefined): Promise<boolean> {
    const { session } = await readUser(this.#RED, this.#node, this.#server, this.#setting, msg);
    return session?.source.reject(generation ?? session.source.token?.generation ?? 0) ?? true;
  }

  /** The owner of a session handle cannot sign in again under the same one, so nobody waits for that. */
  async awaited(msg: NodeMessage, needed: Auth): Promise<AwaitedUser | undefined> {
    const { type } = this.#setting;
    if (type === 'session') return undefined;
    const user = needed.user ?? (await readUser(this.#RED, this.#node, this.#server, this.#setting, msg)).user;
    if (type === 'stored') {
      return new AwaitedUser(this.#config, true, user, {
        current: () => this.#server.storedSession?.source.current(),
        ask: () => this.#askStored(false),
      });
    }
    return new AwaitedUser(this.#config, false, user, {
      current: () => this.#server.sessionOf(user)?.source.current(),
      ask: async () => ask(user, await this.#server.findSessionOf(user)),
    });
  }

  async #askStored(reset: boolean): Promise<BearerResult> {
    const { user } = storedCredentials(this.#server);
    const { token, outcome, needed } = await this.#server.tokenOfStored(reset);
    if (token) return { bearer: token };
    if (outcome) return { needed: authOfOutcome(outcome) };
    const { reason, retryAt } = needed;
    return {
      needed: { system: 'vg', state: 'sign-in-needed', user, reason, ...(retryAt ? { retry_at: retryAt } : {}) },
    };
  }
}

/** The token of a user who is not the stored one. @param user empty if a handle was given and there is no session with it */
async function ask(user: string, session: Session | undefined): Promise<BearerResult> {
  if (!session)
    return { needed: { system: 'vg', state: 'sign-in-needed', ...(user ? { user } : {}), reason: 'no-session' } };
  const { token, refused, failed } = await session.ask();
  if (failed) throw failed;
  if (token) return { bearer: token };
  if (!session.ended) return { needed: authOfRefusal('vg', { user, ...refused }) };
  return { needed: { system: 'vg', state: 'sign-in-needed', user: session.user, reason: 'session-expired' } };
}

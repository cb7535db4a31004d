import type { ScriptedReply } from './scripted-transport.ts';
import { challenge, LINK, SMS, says, waiting, wrongCode, wrongPassword } from './vg-replies.ts';

/** A reply, with a body that is sent as JSON. */
export interface ModelReply {
  status: number;
  body: Record<string, unknown>;
}

/** A token that a user received. */
export interface Grant {
  user: string;
  accessToken: string;
  /** When it was issued, in ms of a monotonic clock. */
  at: number;
  /** Whether a message has used it. */
  isUsed: boolean;
}

/** The form of a request. */
export type Form = Readonly<Record<string, string>>;

/**
 * A VG Identity Server for tests: refresh tokens are used once, users answer a code unless their name begins with `service`,
 * and every request is counted.
 */
export class OneTimeGuard {
  readonly counts = { logins: 0, refused: 0, codes: 0, refreshes: 0, dead: 0, revoked: 0 };
  /** Valid refresh tokens. */
  readonly live = new Set<string>();
  /** Refresh tokens that arrived twice while the first use was under way. */
  readonly twice: string[] = [];
  /** Refresh tokens that were used up when they arrived, and when they arrived, in ms of a monotonic clock. */
  readonly dead: { token: string; at: number }[] = [];
  /** Every access token, and when it was issued, in ms of a monotonic clock. */
  readonly grants: Grant[] = [];
  readonly #byToken = new Map<string, Grant>();
  /** The user of a request ID or refresh token. */
  readonly #people = new Map<string, string>();
  readonly #underWay = new Set<string>();
  #made = 0;
  /** The life of an access token, in s. */
  life = 1800;
  code = '123456';

  /** Answers at once. Requests that take time are counted by `begin` and `end`. */
  answer(form: Form): ModelReply {
    if (form.grant_type === 'refresh_token') return this.#refresh(form.refresh_token ?? '');
    if (form.token !== undefined) return this.#revoke(form.token);
    if (form.AuthenticationRequestId === undefined) return this.#login(form);
    if (form.MFASecureCode === undefined) {
      this.counts.codes += 1;
      return reply(waiting);
    }
    const user = this.#people.get(form.AuthenticationRequestId);
    return form.MFASecureCode === this.code && user !== undefined ? this.#grant(user) : reply(wrongCode);
  }

  /** The user of this access token. It is accepted for longer than its life, because it may be on its way. */
  userOf(accessToken: string): string | undefined {
    const found = this.#byToken.get(accessToken);
    if (found) found.isUsed = true;
    return found && performance.now() < found.at + this.life * 1000 + 5_000 ? found.user : undefined;
  }

  /** A request has arrived. */
  begin({ refresh_token: token }: Form): void {
    if (token === undefined) return;
    if (this.#underWay.has(token)) this.twice.push(token);
    this.#underWay.add(token);
  }

  /** Whether a refresh token is being used. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  end({ refresh_token: token }: Form): void {
    if (token !== undefined) this.#underWay.delete(token);
  }

  #login({ Username: user, Password: password }: Form): ModelReply {
    this.counts.logins += 1;
    if (password !== `${user}-password`) {
      this.counts.refused += 1;
      return reply(wrongPassword);
    }
    if (user === 'locked') return reply(says(['Failure', 'UserAccountLocked']));
    return user?.startsWith('service') ? this.#grant(user) : reply(this.#challenge(user ?? ''));
  }

  #challenge(user: string): ScriptedReply {
    const requestId = `request-${++this.#made}`;
    this.#people.set(requestId, user);
    return challenge([SMS, LINK], requestId);
  }

  #refresh(token: string): ModelReply {
    this.counts.refreshes += 1;
    if (this.live.delete(token)) return this.#grant(this.#people.get(token) ?? '');
    this.counts.dead += 1;
    this.dead.push({ token, at: performance.now() });
    return { status: 400, body: { error: 'invalid_grant' } };
  }

  #revoke(token: string): ModelReply {
    this.counts.revoked += 1;
    this.live.delete(token);
    return { status: 200, body: {} };
  }

  #grant(user: string): ModelReply {
    const number = ++this.#made;
    const refreshToken = `refresh-${number}`;
    this.live.add(refreshToken);
    this.#people.set(refreshToken, user);
    const grant = { user, accessToken: `access-${number}`, at: performance.now(), isUsed: false };
    this.grants.push(grant);
    this.#byToken.set(grant.accessToken, grant);
    return {
      status: 200,
      body: {
        access_token: `access-${number}`,
        refresh_token: refreshToken,
        expires_in: this.life,
        token_type: 'Bearer',
        VGResponse: { AuthenticationStatus: 'Success', AuthorizationStatus: 'Success' },
      },
    };
  }
}

function reply({ status = 400, body = {} }: { status?: number; body?: unknown }): ModelReply {
  return { status, body: body as Record<string, unknown> };
}

import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import { PRACTICE_PASSWORD } from '../core/practice-defaults.ts';
import { splitScope } from '../oauth/token-endpoint.ts';
import { FULL_SCOPE } from '../visual-guard/dialect/wire.ts';
import { PracticeLinks } from './links.ts';
import { type PracticeReply, refuse } from './reply.ts';
import { ANY_SCOPE } from './stand-in.ts';
import type { PracticeTokens } from './tokens.ts';
import { PRACTICE_USERS, type PracticeMethod, type PracticeUser } from './users.ts';
import { type OfferedMethod, writeReply } from './visual-guard-reply.ts';

/** How long a code or link is valid, in ms. */
const CODE_LIFE = 300_000;

/** How long a response to the user `slow` takes, in ms: longer than the timeout of a request. */
const SLOWNESS = 60_000;

/** A code or link for a practice user. */
export interface Delivery {
  user: string;
  kind: 'code' | 'link';
  /** The code, or the id of the link. */
  text: string;
}

interface Request {
  id: string;
  person: PracticeUser;
  scope: string;
  offered: (OfferedMethod & { method: PracticeMethod })[];
  expiresAt: number;
  code?: string;
  /** How many codes were refused. */
  refused: number;
  renewed?: boolean;
}

/** The connection is closed instead of a response. */
export const CUT = Symbol('cut');

/** Visual Guard's dialect (src/visual-guard/PROTOCOL.md), with the users of `PRACTICE_USERS`. */
export class PracticeVisualGuard {
  /** Told when a practice user receives a code or a link. */
  readonly deliveries = new Listeners<Delivery>();
  /** Told when a code or a link was used. It cannot be used again. */
  readonly used = new Listeners<Delivery>();
  readonly #requests = new LRUCache<string, Request>({ max: 10_000 });
  readonly #inbox = new LRUCache<string, Delivery>({ max: 10_000 });
  readonly #links: PracticeLinks;
  readonly #wrongPasswords = new Map<string, number>();
  readonly #tokens: PracticeTokens;
  readonly #clock: Clock;

  constructor(tokens: PracticeTokens, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
    this.#links = new PracticeLinks(clock);
  }

  /** The newest code or link of a user. */
  inboxOf(user: string): Delivery | undefined {
    return this.#inbox.get(user);
  }

  /**
   * Clicks a link.
   *
   * @param which its id, or the name of a practice user, whose newest link it is
   * @returns whether there was such a link, or one came to that user within 10 s
   */
  async click(which: string): Promise<boolean> {
    if (this.#links.click(which)) return true;
    return PRACTICE_USERS.some(({ user }) => user === which) && this.#links.clickNewest(which);
  }

  /**
   * Answers a request to the token endpoint. The request for a link stays open until the link is clicked.
   *
   * @param closed fires when the client has closed the request
   */
  async answer(form: URLSearchParams, closed: AbortSignal): Promise<PracticeReply | typeof CUT> {
    const secret = form.get('client_secret');
    if (!form.get('client_id') || (secret !== null && secret !== PRACTICE_PASSWORD))
      return refuse(400, 'invalid_client');
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form.get('refresh_token') ?? '');
    if (form.get('grant_type') !== 'VGAuthenticator') return refuse(400, 'unsupported_grant_type');
    const scope = form.get('scope') ?? FULL_SCOPE;
    const isUnknown = splitScope(scope).some((word) => !splitScope(FULL_SCOPE).includes(word));
    if (isUnknown && !form.has(ANY_SCOPE)) return refuse(400, 'invalid_scope');
    const requestId = form.get('AuthenticationRequestId');
    return requestId === null ? this.#loginWithTrouble(form, scope, closed) : this.#step(requestId, form, closed);
  }

  revoke(token: string): void {
    this.#tokens.revoke(token);
  }

  /** Ends every link that is open. */
  close(): void {
    this.#links.close();
  }

  async #loginWithTrouble(
    form: URLSearchParams,
    scope: string,
    closed: AbortSignal,
  ): Promise<PracticeReply | typeof CUT> {
    const trouble = PRACTICE_USERS.find(({ user }) => user === form.get('Username'))?.trouble;
    if (trouble === 'cut') return CUT;
    if (trouble === 'gateway') return { status: 502, body: '<html>Bad gateway</html>' };
    if (trouble === 'slow' && !(await this.#isPatient(closed))) return CUT;
    return this.#login(form, scope);
  }

  /** @returns whether the client is still connected after a long time */
  #isPatient(closed: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(SLOWNESS, () => resolve(true), true);
      closed.addEventListener('abort', () => {
        cancel();
        resolve(false);
      });
    });
  }

  #login(form: URLSearchParams, scope: string): PracticeReply {
    const user = form.get('Username') ?? '';
    const person = PRACTICE_USERS.find((each) => each.user === user);
    if (!person) return writeReply(user, ['Failure', 'UserNotFound']);
    const wrong = this.#wrongPasswords.get(user) ?? 0;
    if (person.lockedAfter !== undefined && wrong >= person.lockedAfter)
      return writeReply(user, ['Failure', 'PasswordIsLocked']);
    const passwordless = form.get('VGAuthenticationModule') === 'Passwordless';
    if (!passwordless && form.get('Password') !== PRACTICE_PASSWORD) {
      this.#wrongPasswords.set(user, wrong + 1);
      const isLast = person.lockedAfter !== undefined && wrong + 2 === person.lockedAfter;
      return writeReply(user, ['Failure', 'PasswordDoesNotMatch', ...(isLast ? ['LastBadLogin'] : [])]);
    }
    this.#wrongPasswords.delete(user);
    if (person.methods) return this.#challenge(person, scope);
    if (person.authorization && !person.token) {
      return writeReply(user, ['Success'], { authorization: ['Failure', ...person.authorization] });
    }
    if (person.says && !person.token)
      return writeReply(user, ['Failure', ...person.says], { authorization: ['Failure'] });
    return this.#signIn(person, scope);
  }

  #challenge(person: PracticeUser, scope: string): PracticeReply {
    const id = randomUUID();
    const offered = (person.methods ?? []).map((method) => ({ id: randomUUID(), requestId: id, method, ...method }));
    const request: Request = { id, person, scope, offered, expiresAt: this.#clock.now() + CODE_LIFE, refused: 0 };
    if (person.methods?.some(({ transport }) => transport === 0)) this.#deliver(request);
    this.#requests.set(id, request);
    return writeReply(person.user, ['Failure', 'MFA_AuthenticationRequired'], {
      authorization: ['Failure'],
      methods: offered,
      requestId: id,
    });
  }

  #step(
    requestId: string,
    form: URLSearchParams,
    closed: AbortSignal,
  ): PracticeReply | Promise<PracticeReply | typeof CUT> {
    const request = this.#requests.get(requestId);
    const method = request?.offered.find(({ id }) => id === form.get('MFAAvailableId'));
    if (!request || !method) return refuse(400, 'invalid_request', 'The request is not known');
    const code = form.get('MFASecureCode');
    if (code !== null) return this.#checkCode(request, code);
    const { user, trouble } = request.person;
    if (trouble === 'not-delivered') return writeReply(user, ['Failure', 'MFA_FailedSendingRequest'], { requestId });
    if (trouble === 'new-request' && !request.renewed) {
      request.renewed = true;
      request.id = randomUUID();
      request.offered = request.offered.map((each) => ({ ...each, id: randomUUID(), requestId: request.id }));
      this.#requests.delete(requestId);
      this.#requests.set(request.id, request);
      return writeReply(user, ['Failure', 'MFA_AuthenticationRequired'], {
        methods: request.offered,
        requestId: request.id,
      });
    }
    if (method.method.mode === 1) return this.#sendLink(request, closed);
    this.#deliver(request);
    return writeReply(user, ['Failure', 'MFA_WaitingUserAction'], { requestId });
  }

  #checkCode(request: Request, code: string): PracticeReply {
    const { user, trouble } = request.person;
    if (trouble === 'too-late' || this.#clock.now() >= request.expiresAt) {
      this.#requests.delete(request.id);
      return writeReply(user, ['Failure', 'MFA_LinkTimeout'], { requestId: request.id });
    }
    const wrong = trouble === 'every-code-wrong' || (trouble === 'first-code-wrong' && request.refused === 0);
    if (wrong || code !== request.code) {
      request.refused += 1;
      return writeReply(user, ['Failure', 'SecureCodeDoesNotMatch'], { requestId: request.id });
    }
    this.#requests.delete(request.id);
    this.used.tell({ user, kind: 'code', text: code });
    return this.#signIn(request.person, request.scope);
  }

  async #sendLink(request: Request, closed: AbortSignal): Promise<PracticeReply | typeof CUT> {
    const { user, trouble } = request.person;
    const requestId = request.id;
    if (trouble === 'link-cut') return CUT;
    if (trouble === 'link-gateway') return { status: 502, body: '<html>Bad gateway</html>' };
    if (trouble === 'link-at-once') return writeReply(user, ['Failure', 'MFA_WaitingUserAction'], { requestId });
    if (trouble === 'too-late') return writeReply(user, ['Failure', 'MFA_LinkTimeout'], { requestId });
    const link = randomUUID();
    const ended = this.#links.send(user, link, Math.max(0, request.expiresAt - this.#clock.now()), closed);
    this.#tell({ user, kind: 'link', text: link });
    const how = await ended;
    if (how === 'closed') return CUT;
    if (how === 'too-late') return writeReply(user, ['Failure', 'MFA_LinkTimeout'], { requestId });
    this.#requests.delete(request.id);
    this.used.tell({ user, kind: 'link', text: link });
    return this.#signIn(request.person, request.scope);
  }

  #deliver(request: Request): void {
    request.code = String(Math.floor(this.#clock.random() * 1_000_000)).padStart(6, '0');
    request.expiresAt = this.#clock.now() + CODE_LIFE;
    this.#tell({ user: request.person.user, kind: 'code', text: request.code });
  }

  #tell(delivery: Delivery): void {
    this.#inbox.set(delivery.user, delivery);
    this.deliveries.tell(delivery);
  }

  #refresh(token: string): PracticeReply {
    const known = this.#tokens.useRefresh(token);
    if (!known) return refuse(400, 'invalid_grant');
    return { status: 200, body: this.#grant(known.owner, known.scope) };
  }

  #signIn(person: PracticeUser, scope: string): PracticeReply {
    const authorization = person.authorization ? ['Failure', ...person.authorization] : ['Success'];
    return writeReply(person.user, ['Success', ...(person.says ?? [])], {
      authorization,
      grant: this.#grant(person.user, scope),
    });
  }

  #grant(owner: string, scope: string): Record<string, unknown> {
    const life = 1800;
    const offline = splitScope(scope).includes('offline_access');
    return {
      access_token: this.#tokens.grant('vg', owner, scope, life),
      expires_in: life,
      token_type: 'Bearer',
      ...(offline ? { refresh_token: this.#tokens.grantRefresh(owner, scope) } : {}),
      scope,
    };
  }
}

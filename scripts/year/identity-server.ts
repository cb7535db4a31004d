import { AuthError } from '../../src/core/errors.ts';
import type { FormRequest, HttpResponse, Transport } from '../../src/http/transport.ts';
import { asReply, type ScriptedReply } from '../../test/support/scripted-transport.ts';
import type { YearClock } from './year-clock.ts';

/** How long a token is valid, in s. */
export const LIFE = 300;
/** The longest time before the end of a token in which policy allows to renew it, in ms (`renewalWindows`). */
const SOFT = 60_000;
/** How long an answer takes, in ms. */
const LATENCY = 50;
/** The shortest pause between two tries of one process after a failure: half a second at random, in steps of the clock. */
const SHORTEST_PAUSE = 500;
/** The shortest pause of a process that has failed many times: half of 30 s. */
const LONG_PAUSE = 15_000;

/** How the server fails. */
export type Outage = 'busy' | 'silent' | 'unreachable';

/** The events of one process. */
interface Process {
  refusedSecrets: Set<string>;
  failedAt: number;
  failures: number;
}

/** A token endpoint for one account or one user. It counts requests, and records each one that policy does not allow. */
export class IdentityServer {
  readonly counts = { requests: 0, granted: 0, refused: 0, failed: 0, logins: 0 };
  readonly violations: string[] = [];
  /** The client secrets that it accepts. */
  secrets: Set<string>;
  outage: Outage | undefined;
  readonly #clock: YearClock;
  readonly #name: string;
  readonly #processes = new Map<string, Process>();
  #inFlight = 0;
  #made = 0;
  /** When the newest token expires, in ms since 1970. */
  #expiresAt = 0;
  /** The valid refresh token. */
  #refreshToken = '';
  /** The tokens that an API accepts: the newest two. */
  #tokens: { text: string; expiresAt: number }[] = [];

  constructor(name: string, clock: YearClock, secret: string) {
    this.#name = name;
    this.#clock = clock;
    this.secrets = new Set([secret]);
  }

  /** The transport of a process. */
  transport(process: string): Transport {
    return { host: 'identity.example', close: () => undefined, send: (request) => this.#send(process, request) };
  }

  /** Whether an API accepts a token now. */
  accepts(token: string): boolean {
    const now = this.#clock.now();
    return this.#tokens.some(({ text, expiresAt }) => text === token && expiresAt > now);
  }

  async #send(name: string, request: FormRequest): Promise<HttpResponse> {
    const sentAt = this.#clock.now();
    this.counts.requests += 1;
    this.#inFlight += 1;
    this.#check(name, request.form);
    try {
      return asReply(await this.#answer(name, request), request, sentAt);
    } catch (thrown) {
      this.#failed(name);
      throw thrown;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Records a violation of the policy. */
  #check(name: string, { client_secret: secret = '', Password: password, refresh_token: refresh }: Form): void {
    const now = this.#clock.now();
    const process = this.#processOf(name);
    const note = (what: string): void => {
      this.violations.push(`${new Date(now).toISOString()} ${this.#name}, process ${name}: ${what}`);
    };
    if (this.#inFlight > 1) note('two requests for one token at the same time');
    if (this.#expiresAt - now > SOFT)
      note(`a renewal ${(this.#expiresAt - now) / 1_000} s before the end of the token`);
    if (process.refusedSecrets.has(secret)) note('a secret was sent again that had been refused');
    // Within an attempt there are three tries. From the sixth attempt on, the pause between attempts is long.
    const pause = process.failures > 8 ? LONG_PAUSE : SHORTEST_PAUSE;
    if (process.failures > 0 && now - process.failedAt < pause - 250)
      note(`${now - process.failedAt} ms after a failure`);
    if (password !== undefined) this.counts.logins += 1;
    if (password !== undefined && this.counts.logins > 1) note('the password was sent again');
    if (refresh !== undefined && refresh !== this.#refreshToken) note('a refresh token was used twice');
  }

  async #answer(name: string, { form, timeout = 15_000 }: FormRequest): Promise<ScriptedReply> {
    const outage = this.outage;
    await new Promise<void>((done) => this.#clock.after(outage === 'silent' ? timeout : LATENCY, done));
    if (outage === 'silent') throw new AuthError('no-answer', { host: 'identity.example', seconds: timeout / 1_000 });
    if (outage === 'unreachable') throw new AuthError('connection-refused', { host: 'identity.example' });
    if (outage === 'busy') {
      this.#failed(name);
      return { status: 503, body: undefined };
    }
    const process = this.#processOf(name);
    process.failures = 0;
    const secret = form.client_secret ?? '';
    if (this.secrets.has(secret)) return this.#grant(form);
    this.counts.refused += 1;
    process.refusedSecrets.add(secret);
    return { status: 401, body: { error: 'invalid_client' } };
  }

  #grant({ grant_type: grant }: Form): ScriptedReply {
    this.counts.granted += 1;
    this.#made += 1;
    const text = `${this.#name}-token-${this.#made}`;
    this.#expiresAt = this.#clock.now() + LIFE * 1_000;
    this.#tokens = [...this.#tokens.slice(-1), { text, expiresAt: this.#expiresAt }];
    const token = { access_token: text, expires_in: LIFE, token_type: 'Bearer' };
    if (grant === 'client_credentials') return { body: token };
    this.#refreshToken = `refresh-${this.#made}`;
    const VGResponse = { AuthenticationStatus: 'Success', AuthorizationStatus: 'Success' };
    return { body: { ...token, refresh_token: this.#refreshToken, VGResponse } };
  }

  #failed(name: string): void {
    const process = this.#processOf(name);
    process.failedAt = this.#clock.now();
    process.failures += 1;
    this.counts.failed += 1;
  }

  #processOf(name: string): Process {
    const process = this.#processes.get(name) ?? { refusedSecrets: new Set(), failedAt: 0, failures: 0 };
    this.#processes.set(name, process);
    return process;
  }

  /** A process was stopped. */
  forget(name: string): void {
    this.#processes.delete(name);
  }
}

type Form = Readonly<Record<string, string>>;

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { PRACTICE_ORIGIN, PRACTICE_VGS_URL } from '../core/practice-defaults.ts';
import type { FormRequest, HttpResponse, Transport } from '../http/transport.ts';
import { HttpTransport } from '../http/transport.ts';
import { PracticeTokens } from './tokens.ts';
import { answerVgs, type PracticeReply } from './vgs.ts';
import { CUT, PracticeVisualGuard } from './visual-guard.ts';

/** More than any form of either dialect. */
const LONGEST_FORM = 100_000;

/**
 * A server that speaks both dialects, on loopback, with users for every state, so that every branch can be tried
 * with no account anywhere. What it gives out opens nothing but its own little API.
 */
export class PracticeServer {
  readonly visualGuard: PracticeVisualGuard;
  readonly #tokens: PracticeTokens;
  readonly #clock: Clock;
  #server: Server | undefined;
  #origin: Promise<string> | undefined;
  /** Owners whose token was just turned away by `/api/rejects-each-token-once`. */
  readonly #turnedAway = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tokens = new PracticeTokens(clock);
    this.visualGuard = new PracticeVisualGuard(this.#tokens, clock);
  }

  /** Starts listening, where it does not yet. @returns its origin, as `http://127.0.0.1:PORT` */
  start(): Promise<string> {
    this.#origin ??= new Promise((resolve, reject) => {
      const server = createServer((request, response) => {
        this.#serve(request, response).catch(() => response.destroy());
      });
      server.once('error', (error) => {
        this.#origin = undefined;
        reject(error);
      });
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
      // Practice alone must not keep a process alive.
      server.unref();
      this.#server = server;
    });
    return this.#origin;
  }

  /** Stops listening and ends what is open. What it gave out and its users' states stay. */
  stop(): void {
    this.visualGuard.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    this.#origin = undefined;
  }

  /** The way to this server, for an address at `PRACTICE_ORIGIN`. */
  transport(): Transport {
    return new PracticeTransport(this, this.#clock);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://practice').pathname;
    const reply = await this.#answer(path, request, response);
    if (reply === CUT) {
      response.destroy();
      return;
    }
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const type = typeof reply.body === 'string' ? 'text/html' : 'application/json; charset=UTF-8';
    response.writeHead(reply.status, { 'content-type': type, 'cache-control': 'no-store', ...reply.headers });
    response.end(text);
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<PracticeReply | typeof CUT> {
    if (path.startsWith('/api/')) return this.#api(path, request);
    if (path.startsWith('/practice/')) return this.#desk(path);
    if (path === '/.well-known/openid-configuration') return this.#discovery();
    if (request.method !== 'POST') return { status: 404, body: { error: 'not_found' } };
    const form = await readForm(request);
    if (new URL(PRACTICE_VGS_URL).pathname === path)
      return answerVgs(form, request.headers.authorization, this.#tokens);
    if (path === '/connect/revocation') {
      this.visualGuard.revoke(form.get('token') ?? '');
      return { status: 200, body: '' };
    }
    if (path !== '/connect/token') return { status: 404, body: { error: 'not_found' } };
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    return this.visualGuard.answer(form, closed.signal);
  }

  /** An API that wants a bearer, as the ones behind VGS and Visual Guard do. */
  #api(path: string, request: IncomingMessage): PracticeReply {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const grant = this.#tokens.check(token);
    const turnsAway = grant && path === '/api/rejects-each-token-once' && !this.#turnedAway.delete(grant.owner);
    if (turnsAway) {
      this.#turnedAway.add(grant.owner);
      this.#tokens.revoke(token);
    }
    if (!grant || turnsAway) {
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        body: { errors: [{ code: 'unauthorized' }] },
      };
    }
    return {
      status: 200,
      body: { path, method: request.method, signed_in_as: grant.owner, system: grant.system, scope: grant.scope },
    };
  }

  /** What a person has at hand: the phone that a code arrives on, and the finger that clicks a link. */
  async #desk(path: string): Promise<PracticeReply> {
    const [, , what = '', which = ''] = path.split('/').map((part) => decodeURIComponent(part));
    if (what === 'inbox') {
      const delivery = this.visualGuard.inboxOf(which);
      return delivery
        ? { status: 200, body: { [delivery.kind]: delivery.text } }
        : { status: 404, body: { error: 'nothing there' } };
    }
    if (what === 'click') {
      const clicked = await this.visualGuard.click(which);
      return clicked ? { status: 200, body: { clicked: true } } : { status: 404, body: { error: 'no such link' } };
    }
    if (what === 'revoke-all') {
      this.#tokens.revokeAll();
      return { status: 200, body: { revoked: true } };
    }
    return { status: 404, body: { error: 'not_found' } };
  }

  async #discovery(): Promise<PracticeReply> {
    const origin = await this.start();
    return {
      status: 200,
      body: {
        issuer: origin,
        token_endpoint: `${origin}/connect/token`,
        revocation_endpoint: `${origin}/connect/revocation`,
        grant_types_supported: ['refresh_token', 'VGAuthenticator'],
      },
    };
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_FORM) break;
  }
  return new URLSearchParams(text);
}

/** Sends what is addressed to `PRACTICE_ORIGIN` to the port that the practice server listens on. */
class PracticeTransport implements Transport {
  readonly host = 'practice';
  readonly #server: PracticeServer;
  readonly #clock: Clock;
  #http: HttpTransport | undefined;

  constructor(server: PracticeServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  async send(request: FormRequest): Promise<HttpResponse> {
    const origin = await this.#server.start();
    this.#http ??= new HttpTransport(new URL(origin), {}, this.#clock);
    return this.#http.send({ ...request, url: request.url.replace(PRACTICE_ORIGIN, origin) });
  }

  close(): void {
    this.#http?.close();
  }
}

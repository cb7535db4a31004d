import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { PRACTICE_VGS_URL } from '../core/practice-defaults.ts';
import { isPracticeMode, type PracticeMode, replyIn } from './mode.ts';
import type { PracticeReply } from './reply.ts';
import { PracticeTokens } from './tokens.ts';
import { answerVgs } from './vgs.ts';
import { CUT, PracticeVisualGuard } from './visual-guard.ts';

/** More characters than any form of the two dialects has. */
const LONGEST_FORM = 100_000;

/**
 * A server for both dialects, on loopback, with users for every state, so that every branch of a flow can be tested
 * without an account. Its tokens are accepted only by its own small API.
 */
export class PracticeServer {
  readonly visualGuard: PracticeVisualGuard;
  readonly #tokens: PracticeTokens;
  #mode: PracticeMode = 'normal';
  #server: Server | undefined;
  #origin: Promise<string> | undefined;
  /** The owners whose token `/api/rejects-each-token-once` has just rejected. */
  readonly #turnedAway = new Set<string>();

  constructor(clock: Clock) {
    this.#tokens = new PracticeTokens(clock);
    this.visualGuard = new PracticeVisualGuard(this.#tokens, clock);
  }

  /** Starts listening, if it does not listen yet. @returns its origin, as `http://127.0.0.1:PORT` */
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
      // The practice server must not keep the process alive.
      server.unref();
      this.#server = server;
    });
    return this.#origin;
  }

  /** Stops listening and ends all requests. Tokens and the states of the users stay; the mode is normal again. */
  stop(): void {
    this.#mode = 'normal';
    this.visualGuard.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    this.#origin = undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://practice').pathname;
    const reply = await this.#answer(path, request, response);
    if (reply === CUT) {
      response.destroy();
      return;
    }
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const type = typeof reply.body === 'string' ? 'text/html; charset=UTF-8' : 'application/json; charset=UTF-8';
    response.writeHead(reply.status, { 'content-type': type, 'cache-control': 'no-store', ...reply.headers });
    response.end(text);
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<PracticeReply | typeof CUT> {
    if (path.startsWith('/api/')) return this.#api(path, request);
    if (path.startsWith('/practice/mode/')) return this.#switchMode(path, request.method);
    if (path.startsWith('/practice/')) return this.#personActs(path, request.headers.accept ?? '');
    const instead = replyIn(this.#mode);
    if (instead) return instead;
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

  /** An API that needs a bearer token, as the APIs of VGS and Visual Guard do. */
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

  /** The actions of a person: reads codes and clicks links. */
  async #personActs(path: string, accept: string): Promise<PracticeReply> {
    const [, , what = '', which = ''] = path.split('/').map((part) => decodeURIComponent(part));
    if (what === 'inbox') {
      const delivery = this.visualGuard.inboxOf(which);
      return delivery
        ? { status: 200, body: { [delivery.kind]: delivery.text } }
        : { status: 404, body: { error: 'nothing there' } };
    }
    if (what === 'click') {
      const clicked = await this.visualGuard.click(which);
      if (accept.includes('text/html')) return pageOf(clicked);
      return clicked ? { status: 200, body: { clicked: true } } : { status: 404, body: { error: 'no such link' } };
    }
    if (what === 'revoke-all') {
      this.#tokens.revokeAll();
      return { status: 200, body: { revoked: true } };
    }
    return { status: 404, body: { error: 'not_found' } };
  }

  /** Switches an outage or a refusal on or off. Only a POST does that: an address that is opened changes nothing. */
  #switchMode(path: string, method: string | undefined): PracticeReply {
    const mode = path.split('/')[3] ?? '';
    if (!isPracticeMode(mode)) return { status: 404, body: { error: 'no such mode' } };
    if (method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'use POST' } };
    this.#mode = mode;
    return { status: 200, body: { mode } };
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

/** The page that a person sees after opening a link in a browser. */
function pageOf(clicked: boolean): PracticeReply {
  const sentence = clicked ? 'You are signed in. You can close this page.' : 'This link has been used, or has expired.';
  const head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Practice server</title>';
  return { status: clicked ? 200 : 404, body: `${head}<p>${sentence}</p></html>` };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_FORM) break;
  }
  return new URLSearchParams(text);
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Every kind of secret that the nodes handle. Each can be found by its text. */
export const CANARIES = {
  accountSecret: 'CANARY-account-secret',
  serverSecret: 'CANARY-server-secret',
  storedPassword: 'CANARY-stored-password',
  personPassword: 'CANARY-person-password',
  code: 'CANARYcode0042',
  vgsToken: 'CANARY-vgs-token',
  accessToken: 'CANARY-access-token',
  refreshToken: 'CANARY-refresh-token',
  VGToken: 'CANARY-VGToken',
  requestId: 'CANARY-request-id',
} as const;

/** The behavior of the API: the status of its response, or something else. */
export type ApiMood = 200 | 401 | 403 | 500 | 'slow' | 'reset';

/** A server of both dialects that puts test secrets into every part of its replies, and an API that accepts their tokens. */
export class CanaryServer {
  /** `echoing` repeats what was sent to it, at every place that a hostile server could use. */
  mood: 'well' | 'refusing' | 'echoing' | 'broken' = 'well';
  api: ApiMood = 200;
  /** The `authorization` of each call of the API. */
  readonly apiCalls: string[] = [];
  origin = '';
  #wire = '';
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const form = Object.fromEntries(new URLSearchParams(body));
      this.#wire += `${JSON.stringify(form)}${JSON.stringify(request.headers)}`;
      if (request.url?.startsWith('/api/')) {
        this.#answerAsApi(request, response);
        return;
      }
      const { status, type = 'application/json', answer } = this.#answer(request.url ?? '', form);
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      this.#wire += text;
      response.writeHead(status, { 'content-type': type });
      response.end(text);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  /** Whether this text was ever sent or received. */
  knows(text: string): boolean {
    return this.#wire.includes(text);
  }

  /** Repeats the token in a header, as a careless API does for debugging. */
  #answerAsApi({ headers, socket }: IncomingMessage, response: ServerResponse): void {
    this.apiCalls.push(headers.authorization ?? '');
    if (this.api === 'slow') return;
    if (this.api === 'reset') {
      socket.resetAndDestroy();
      return;
    }
    response.writeHead(this.api, { 'content-type': 'application/json', 'x-echo': headers.authorization ?? '' });
    response.end(JSON.stringify({ signed_in_as: 'practice' }));
  }

  #answer(path: string, form: Record<string, string>): { status: number; type?: string; answer: object | string } {
    const sent = Object.values(form).join(' ');
    if (this.mood === 'broken')
      return { status: 200, type: `text/${form.client_secret}`, answer: `<html>${sent}</html>` };
    if (this.mood === 'echoing') return { status: 400, answer: echo(form) };
    if (path === '/vgs') {
      if (this.mood === 'refusing')
        return { status: 401, answer: { error: 'invalid_client', error_description: sent } };
      return {
        status: 200,
        answer: { access_token: CANARIES.vgsToken, expires_in: 300, token_type: 'bearer', scope: 'cards:write' },
      };
    }
    if (path.endsWith('/revocation')) return { status: 200, answer: '' };
    if (this.mood === 'refusing') return { status: 400, answer: says('Failure, UserAccountLocked', 262145, sent) };
    const isFirst = form.Username?.startsWith('anna') && !form.AuthenticationRequestId;
    if (isFirst) return { status: 400, answer: says('Failure, MFA_AuthenticationRequired', 134217729, sent) };
    if (form.AuthenticationRequestId && !form.MFASecureCode)
      return { status: 400, answer: says('Failure, MFA_WaitingUserAction', 1048577, sent) };
    return {
      status: 200,
      answer: {
        access_token: CANARIES.accessToken,
        refresh_token: CANARIES.refreshToken,
        expires_in: 300,
        token_type: 'Bearer',
        VGResponse: {
          AuthenticationState: { Status: 2048 },
          AuthorizationState: { Status: 16 },
          VGToken: CANARIES.VGToken,
        },
      },
    };
  }
}

function says(names: string, Status: number, sent: string): object {
  const way = {
    RequestId: CANARIES.requestId,
    Id: 'way',
    TransportMode: 1,
    AuthenticationMode: 2,
    DestinationDisplay: sent,
  };
  return {
    error: 'invalid_request',
    error_description: names,
    VGAuthenticationStatus: names,
    VGResponse: {
      RequestId: CANARIES.requestId,
      AuthenticationState: { Status },
      AuthenticationResponse: { RequestId: CANARIES.requestId, MFAAvailables: [way], Status },
      Error: { Message: sent, StackTrace: sent },
    },
  };
}

/** The sent values, in every field from which a message or a status could take a text. */
function echo(form: Record<string, string>): object {
  const words = Object.values(form).filter((value) => value.startsWith('CANARY'));
  const text = words.join(' ');
  return {
    error: words[0] ?? 'invalid_request',
    error_description: text,
    scope: text,
    VGAuthenticationStatus: words
      .map((word) => word.replaceAll('-', '_'))
      .concat('Failure', ...words)
      .join(', '),
    VGResponse: {
      RequestId: text,
      AuthenticationState: { Status: 1 },
      AuthenticationStatus: words.join(', '),
      AuthenticationResponse: { AuthenticationEnrollmentRequest: { EnrollmentUrl: `https://example.org/${text}` } },
    },
  };
}

import { type FlowNode, wire } from './flows.ts';
import { type Answer, type Answerer, serve, type TestServer } from './servers.ts';

/** The client of `vgsFlow`. Neither value may appear in an error, a status or a log. */
export const CLIENT = { clientId: 'test-client', clientSecret: 'THE-CLIENT-SECRET' };

/** The reply of a token endpoint that grants a token. */
export function grants(accessToken: string, more: object = {}): Answer {
  return { body: { access_token: accessToken, expires_in: 300, token_type: 'bearer', scope: 'cards:write', ...more } };
}

/** The reply of a token endpoint that refuses (RFC 6749 5.2). */
export function refuses(status: number, error: string, description?: string): Answer {
  return { status, body: { error, ...(description ? { error_description: description } : {}) } };
}

/** Grants `token-1`, then `token-2`, and so on. */
export function grantsInTurn(more: object = {}): Answerer {
  let count = 0;
  return () => grants(`token-${++count}`, more);
}

/** A token endpoint on loopback. */
export function serveTokens(answer: Answerer = grantsInTurn()): Promise<TestServer> {
  return serve(answer);
}

/** A `vgs-account` named `account`, and a `vgs-token` named `get` with the outputs `token` and `refused`. */
export function vgsFlow(tokenUrl: string, account: object = {}, get: object = {}): FlowNode[] {
  return [
    { id: 'account', type: 'vgs-account', tokenUrl, ...account },
    wire('vgs-token', 'get', ['token', 'refused'], { account: 'account', ...get }),
    { id: 'token', type: 'helper', wires: [] },
    { id: 'refused', type: 'helper', wires: [] },
  ];
}

export const VGS_CREDENTIALS = { account: CLIENT };

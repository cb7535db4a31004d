import { readFileSync } from 'node:fs';
import { type FlowNode, place, wire } from './flows.ts';
import type { Answer, Received } from './servers.ts';

/** A recorded reply of a Visual Guard server, unchanged. */
export function recorded(name: 'vg-success' | 'vg-mfa-required'): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** A reply of Visual Guard with the status of a sign-in, by its names only. */
export function says(names: string, more: object = {}): Answer {
  return {
    status: 400,
    body: {
      error: 'invalid_request',
      error_description: names,
      VGAuthenticationStatus: names,
      VGResponse: { AuthenticationStatus: names, AuthenticationResponse: more },
    },
  };
}

/** A reply of Visual Guard that signs in. */
export function signsIn(accessToken: string, more: object = {}): Answer {
  return {
    body: {
      access_token: accessToken,
      expires_in: 1800,
      token_type: 'Bearer',
      refresh_token: `refresh-of-${accessToken}`,
      VGResponse: { AuthenticationStatus: 'Success', AuthorizationStatus: 'Success' },
      ...more,
    },
  };
}

/** One MFA method, as a challenge lists it. */
export function way(id: string, transport: number, mode: number, requestId = 'request-1'): object {
  return {
    Id: id,
    RequestId: requestId,
    TransportMode: transport,
    AuthenticationMode: mode,
    DestinationDisplay: 'd***n',
  };
}

/** A challenge with these methods. */
export function challenges(...ways: object[]): Answer {
  return says('Failure, MFA_AuthenticationRequired', { RequestId: 'request-1', MFAAvailables: ways });
}

/** The step of a sign-in to which a request belongs. */
export function stepOf({ form }: Received): 'login' | 'choose' | 'submit' | 'refresh' | 'other' {
  if (form.get('grant_type') === 'refresh_token') return 'refresh';
  if (form.has('MFASecureCode')) return 'submit';
  if (form.has('AuthenticationRequestId')) return 'choose';
  return form.get('grant_type') === 'VGAuthenticator' ? 'login' : 'other';
}

/** All nodes of Visual Guard with a `vg-server` named `server`. Every output has a helper node of its own. */
export function guardFlow(
  server: object,
  nodes: { login?: object; choose?: object; submit?: object } = {},
): FlowNode[] {
  const outputs = ['in', 'mfa', 'refused'];
  return [
    { id: 'server', type: 'vg-server', ...server },
    wire('vg-login', 'login', outputs, { server: 'server', ...nodes.login }),
    wire('vg-mfa', 'choose', outputs, { action: 'choose', ...nodes.choose }),
    wire('vg-mfa', 'submit', outputs, { action: 'submit', ...nodes.submit }),
    wire('vg-logout', 'logout', ['out'], { server: 'server' }),
    wire('attach-bearer', 'attach', ['ready', 'needed'], { source: 'vg', server: 'server' }),
    ...[...outputs, 'out', 'ready', 'needed'].map(place),
  ];
}

/** The stored user of `guardFlow`. */
export function stored(username: string, password = 'practice'): { server: Record<string, string> } {
  return { server: { username, password } };
}

export const PRACTICE = { practice: true };

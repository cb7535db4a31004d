import { ReplyObject } from '../../src/http/reply-object.ts';
import { readVisualGuardReply, type VisualGuardResponse } from '../../src/visual-guard/dialect/reply.ts';
import type { ScriptedReply } from './scripted-transport.ts';

/** The numbers of the authentication status that the tests need by name (src/visual-guard/PROTOCOL.md: status bits). */
export const BIT = {
  Failure: 1,
  PasswordDoesNotMatch: 8,
  LastBadLogin: 1024,
  Success: 2048,
  SecureCodeDoesNotMatch: 524288,
  MFA_WaitingUserAction: 1048576,
  MFA_FailedSendingRequest: 2097152,
  UserAccountMissingMobilePhone: 8388608,
  MFA_LinkTimeout: 16777216,
  UserAccountLocked: 262144,
  MFA_AuthenticationRequired: 134217728,
  MFA_EnrollmentRequired: 268435456,
} as const;

export type BitName = keyof typeof BIT;

/** An item of `MFAAvailables`. */
export interface Way {
  Id: string;
  RequestId?: string;
  TransportMode: number;
  AuthenticationMode: number;
  DestinationDisplay?: string;
  AuthenticationModeDisplay?: string;
  TransportModeDisplay?: string;
}

export const SMS: Way = { Id: 'way-sms', TransportMode: 1, AuthenticationMode: 2, DestinationDisplay: '+49*****0100' };
export const EMAIL: Way = {
  Id: 'way-email',
  TransportMode: 2,
  AuthenticationMode: 2,
  DestinationDisplay: 'p***@e***.org',
};
export const LINK: Way = {
  Id: 'way-link',
  TransportMode: 2,
  AuthenticationMode: 1,
  DestinationDisplay: 'p***@e***.org',
};
export const APP: Way = {
  Id: 'way-app',
  TransportMode: 0,
  AuthenticationMode: 9,
  AuthenticationModeDisplay: 'Authenticator app',
};

/** A reply that signs nobody in, with these states, in the form of Visual Guard's own samples. */
export function says(
  names: BitName[],
  parts: { ways?: Way[]; requestId?: string; status?: number; more?: object } = {},
): ScriptedReply {
  const { ways = [], requestId = 'request-1', status = 400, more = {} } = parts;
  const words = names.join(', ');
  const Status = names.reduce((sum, name) => sum + BIT[name], 0);
  return {
    status,
    body: {
      error: 'invalid_request',
      error_description: words,
      VGAuthenticationStatus: words,
      VGResponse: {
        RequestId: requestId,
        AuthenticationState: { Status },
        AuthorizationState: { Status: 1 },
        AuthenticationResponse: {
          RequestId: requestId,
          MFAAvailables: ways.map((way) => ({ RequestId: requestId, ...way })),
          Status,
          ...more,
        },
        AuthenticationStatus: words,
        AuthorizationStatus: 'Failure',
      },
    },
  };
}

/** The reply that offers MFA methods. */
export function challenge(ways: Way[] = [SMS, EMAIL, LINK, APP], requestId = 'request-1'): ScriptedReply {
  return says(['Failure', 'MFA_AuthenticationRequired'], { ways, requestId });
}

export const waiting = says(['Failure', 'MFA_WaitingUserAction']);
export const wrongCode = says(['Failure', 'SecureCodeDoesNotMatch']);
export const notSent = says(['Failure', 'MFA_FailedSendingRequest']);
export const tooLate = says(['Failure', 'MFA_LinkTimeout']);
export const wrongPassword = says(['Failure', 'PasswordDoesNotMatch']);

/** The reply that signs somebody in. */
export function signedIn(
  accessToken = 'access-1',
  parts: { refreshToken?: string; life?: number; VGToken?: string } = {},
): ScriptedReply {
  const { refreshToken = 'refresh-1', life = 1800, VGToken = 'vgtoken-1' } = parts;
  return {
    status: 200,
    body: {
      access_token: accessToken,
      expires_in: life,
      token_type: 'Bearer',
      ...(refreshToken ? { refresh_token: refreshToken } : {}),
      VGResponse: {
        RequestId: 'request-1',
        AuthenticationState: { Status: BIT.Success },
        AuthorizationState: { Status: 16 },
        AuthenticationStatus: 'Success',
        AuthorizationStatus: 'Success',
        VGToken,
      },
    },
  };
}

/** The reply to a refresh, which has no `VGResponse`. */
export function refreshed(accessToken: string, refreshToken = ''): ScriptedReply {
  return {
    status: 200,
    body: {
      access_token: accessToken,
      expires_in: 1800,
      token_type: 'Bearer',
      ...(refreshToken ? { refresh_token: refreshToken } : {}),
    },
  };
}

/** The parts of a JSON reply that the dialect reads. */
export function readJson(body: Record<string, unknown>): VisualGuardResponse | undefined {
  return readVisualGuardReply(ReplyObject.of(body));
}

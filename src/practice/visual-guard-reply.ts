import { randomUUID } from 'node:crypto';
import {
  AUTHENTICATION_BITS,
  AUTHORIZATION_BITS,
  CREDENTIAL_INVALID_FLAG,
  type StateBit,
} from '../visual-guard/dialect/states.ts';
import type { PracticeReply } from './reply.ts';
import type { PracticeMethod } from './users.ts';

/** A method of a challenge in a response. */
export interface OfferedMethod extends PracticeMethod {
  id: string;
  requestId: string;
}

const TRANSPORTS = ['None', 'SMS', 'Email', 'WhatsApp'];
const MODES: Record<number, string> = { 1: 'Link', 2: 'OTP', 9: 'Authenticator app' };

/** What a response has besides its state. */
export interface ReplyParts {
  authorization?: string[];
  methods?: OfferedMethod[];
  requestId?: string;
  /** `access_token` and the other parts of an OAuth response. */
  grant?: Record<string, unknown>;
}

/** A response in the form of Visual Guard's samples: 200 with a token, 400 without. */
export function writeReply(user: string, names: string[], parts: ReplyParts = {}): PracticeReply {
  const { authorization = ['Failure'], methods = [], requestId = randomUUID(), grant } = parts;
  const state = writeState(AUTHENTICATION_BITS, names);
  const credentialInvalid = names.some((name) => /^(UserNotFound|PasswordDoesNotMatch)$/.test(name));
  const flags = { ...state.flags, [CREDENTIAL_INVALID_FLAG]: credentialInvalid };
  const permission = writeState(AUTHORIZATION_BITS, authorization);
  const VGResponse = {
    RequestId: requestId,
    AuthenticationState: { Status: state.value, ...flags },
    AuthorizationState: { Status: permission.value, ...permission.flags },
    AuthenticationResponse: {
      RequestId: requestId,
      Identity: { Name: user, AuthenticationType: 'VGUSER', IsAuthenticated: true },
      MFAAvailables: methods.map(writeMethod),
      ...(names.includes('MFA_EnrollmentRequired')
        ? { AuthenticationEnrollmentRequest: { EnrollmentUrl: 'https://id.example/enroll' } }
        : {}),
      Status: state.value,
      ...flags,
    },
    Error: { Message: '', StackTrace: '' },
    AuthorizationStatus: authorization.join(', '),
    AuthenticationStatus: names.join(', '),
    VGToken: grant ? `practice-vgtoken-${user}` : '',
  };
  if (grant) return { status: 200, body: { ...grant, VGResponse } };
  const said = names.join(', ');
  return {
    status: 400,
    body: {
      error: 'invalid_request',
      error_description: said,
      VGAuthenticationStatus: said,
      AuthenticationMethod: 'None',
      VGResponse,
    },
  };
}

function writeState(bits: readonly StateBit[], names: string[]): { value: number; flags: Record<string, boolean> } {
  const flags: Record<string, boolean> = {};
  let value = 0;
  for (const bit of bits) {
    const on = names.includes(bit.name);
    if (on) value += bit.value;
    if (bit.flag) flags[bit.flag.replace('!', '')] = bit.flag.startsWith('!') ? !on : on;
  }
  return { value, flags };
}

function writeMethod({ id, requestId, transport, mode, destination }: OfferedMethod): object {
  return {
    RequestId: requestId,
    TransportMode: transport,
    AuthenticationMode: mode,
    DestinationDisplay: destination,
    AuthenticationModeDisplay: MODES[mode],
    TransportModeDisplay: TRANSPORTS[transport],
    Id: id,
  };
}

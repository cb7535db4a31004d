import { VISUAL_GUARD_REASONS, type VisualGuardReason, type Warning } from '../../core/reasons.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import { isBearer } from '../../oauth/token.ts';
import { type Method, MOST_METHODS, readMethods } from './methods.ts';
import {
  AUTHENTICATION_BITS,
  AUTHORIZATION_BITS,
  CREDENTIAL_INVALID_FLAG,
  has,
  hasFlag,
  type MergedState,
  mergeState,
  type StateBit,
} from './states.ts';

/** The two statuses of a reply, as they stand in `msg.auth.status`. */
export interface VisualGuardStatus {
  authentication: MergedState;
  authorization: MergedState;
}

/** Everything that a Visual Guard reply says, whatever its HTTP status. */
export interface VisualGuardResponse {
  /** Non-empty only where the reply is a success: a token, and no authentication Failure. */
  accessToken: string;
  refreshToken: string;
  VGToken: string;
  status: VisualGuardStatus;
  /** All reasons that speak against a sign-in, the most useful first. */
  reasons: VisualGuardReason[];
  /** Those that end a challenge: a warning or a missing second contact does not. */
  blocking: VisualGuardReason[];
  /** What to say of a success. */
  warnings: Warning[];
  /** The server wants a second factor, and these are the ways. */
  challenged: boolean;
  /** The server has sent something, or waits for a code. */
  waiting: boolean;
  methods: Method[];
  requestId: string;
  /** Where a person enrolls, if the reply has an http(s) address for it. */
  enrollmentUrl: string;
}

/**
 * Reads a Visual Guard reply (PROTOCOL.md: replies). A pure function: it never throws, and never calls a reply without a token a success.
 *
 * Flags, status numbers and status names are merged. Any may be missing, may stand in `AuthenticationState`
 * or in `AuthenticationResponse`, and may be unknown.
 *
 * @returns undefined if the reply has no Visual Guard state at all
 */
export function readVisualGuardReply(body: ReplyObject): VisualGuardResponse | undefined {
  const response = body.object('VGResponse');
  const state = response?.object('AuthenticationState');
  const answer = response?.object('AuthenticationResponse');
  if (!response && body.names('VGAuthenticationStatus').length === 0) return undefined;

  const authentication = mergeState(
    AUTHENTICATION_BITS,
    [
      [body, 'VGAuthenticationStatus'],
      [response, 'AuthenticationStatus'],
      [state, 'Status'],
      [answer, 'Status'],
      [isDescribedByStates(body) ? body : undefined, 'error_description'],
    ],
    [state, answer],
  );
  const authorizationState = response?.object('AuthorizationState');
  const authorization = mergeState(
    AUTHORIZATION_BITS,
    [
      [response, 'AuthorizationStatus'],
      [authorizationState, 'Status'],
    ],
    [authorizationState],
  );

  const failed = hasName(authentication, 'Failure');
  const token = body.token('access_token');
  const accessToken = !failed && isBearer(token) ? token : '';
  const requestId = answer?.id('RequestId') || response?.id('RequestId') || '';
  const credentialInvalid = hasFlag(state, CREDENTIAL_INVALID_FLAG) || hasFlag(answer, CREDENTIAL_INVALID_FLAG);
  const saysNothing = !credentialInvalid && isSilent(authentication) && isSilent(authorization);
  // An OAuth error says more than a `VGResponse` that says nothing.
  if (saysNothing && !isBearer(token) && (!response || body.isText('error'))) return undefined;
  return {
    accessToken,
    refreshToken: body.token('refresh_token'),
    VGToken: response?.token('VGToken') ?? '',
    status: { authentication, authorization },
    reasons: readReasons(authentication, authorization, credentialInvalid, () => true),
    blocking: readReasons(
      authentication,
      authorization,
      credentialInvalid,
      (bit) => !bit.warning && bit.reason !== 'contact-missing',
    ),
    warnings: readWarnings(authentication, authorization),
    challenged: hasName(authentication, 'MFA_AuthenticationRequired'),
    waiting: hasName(authentication, 'MFA_WaitingUserAction'),
    methods: readMethods(answer, requestId),
    requestId,
    enrollmentUrl: readEnrollmentUrl(answer, response),
  };
}

/** Whether every part of the description is a state, as in "Failure, UserNotFound". Any other one is a text for people. */
export function isDescribedByStates(body: ReplyObject): boolean {
  const words = body.names('error_description');
  const isState = (word: string): boolean =>
    AUTHENTICATION_BITS.some(({ name }) => name === word) || /^\d+$/.test(word);
  return words.length > 0 && words.every(isState);
}

function readReasons(
  authentication: MergedState,
  authorization: MergedState,
  credentialInvalid: boolean,
  counts: (bit: StateBit) => boolean,
): VisualGuardReason[] {
  const found = new Set<VisualGuardReason>();
  const collect = (bits: readonly StateBit[], { value }: MergedState): void => {
    for (const bit of bits) if (bit.reason && has(value, bit.value) && counts(bit)) found.add(bit.reason);
  };
  collect(AUTHENTICATION_BITS, authentication);
  collect(AUTHORIZATION_BITS, authorization);
  if (credentialInvalid) found.add('credentials-invalid');
  return VISUAL_GUARD_REASONS.filter((reason) => found.has(reason));
}

function readWarnings(authentication: MergedState, authorization: MergedState): Warning[] {
  const warnings: Warning[] = [];
  for (const bit of AUTHENTICATION_BITS)
    if (bit.warning && has(authentication.value, bit.value)) warnings.push(bit.warning);
  const succeeded = hasName(authorization, 'Success') && !hasName(authorization, 'Failure');
  const objected = AUTHORIZATION_BITS.some((bit) => bit.reason !== undefined && has(authorization.value, bit.value));
  if (objected || (authorization.value !== 0 && !succeeded)) warnings.push('authorization-failed');
  return warnings;
}

function isSilent({ value, names }: MergedState): boolean {
  return value === 0 && names.length === 0;
}

function hasName(state: MergedState, name: string): boolean {
  return state.names.includes(name);
}

/** The exact place is not documented: an `AuthenticationEnrollmentRequest` of the reply, or an `EnrollmentUrl` of an item. */
function readEnrollmentUrl(answer: ReplyObject | undefined, response: ReplyObject | undefined): string {
  const name = 'AuthenticationEnrollmentRequest';
  const items = answer?.objects('MFAAvailables', MOST_METHODS) ?? [];
  for (const place of [answer, response]) {
    const address = place?.address(name);
    if (address) return address;
  }
  for (const place of [answer, response, answer?.object(name), response?.object(name), ...items]) {
    const address = place?.address('EnrollmentUrl') || place?.address('Url');
    if (address) return address;
  }
  return '';
}

/** Whether the password was wrong, so that sending it again may lock the account. */
export function saysWrongPassword({ reasons }: VisualGuardResponse): boolean {
  return reasons[0] === 'credentials-invalid' || reasons[0] === 'last-attempt';
}

/** Whether a reply to a login sets a challenge that can be answered. */
export function setsChallenge(reading: VisualGuardResponse): boolean {
  const open: VisualGuardReason[] = ['mfa-delivery-failed'];
  if (!reading.blocking.every((reason) => open.includes(reason))) return false;
  return (reading.challenged && reading.methods.length > 0) || (reading.waiting && requestIdOf(reading) !== '');
}

/** The request id of a reply: an item's, else that of the reply itself (PROTOCOL.md: challenges). */
export function requestIdOf(reading: VisualGuardResponse): string {
  return reading.methods[0]?.requestId ?? reading.requestId;
}

/** Takes names of states that are not known here out of a reading: a server can write into them what it likes. */
export function keepKnownNames({ status: { authentication, authorization } }: VisualGuardResponse): void {
  const known = new Set([...AUTHENTICATION_BITS, ...AUTHORIZATION_BITS].map(({ name }) => name));
  for (const state of [authentication, authorization]) state.names = state.names.filter((name) => known.has(name));
}

import { VISUAL_GUARD_REASONS, type VisualGuardReason, type Warning } from '../../core/reasons.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import { isBearer } from '../../oauth/token.ts';
import type { MergedState, VisualGuardStatus } from '../outcome-data.ts';
import { type Method, MOST_METHODS, readMethods } from './methods.ts';
import {
  AUTHENTICATION_BITS,
  AUTHORIZATION_BITS,
  CREDENTIAL_INVALID_FLAG,
  has,
  hasFlag,
  mergeState,
  type StateBit,
} from './states.ts';

/** The contents of a Visual Guard reply, whatever its HTTP status. */
export interface VisualGuardResponse {
  /** Empty unless the sign-in succeeded: a token, and no authentication Failure. */
  accessToken: string;
  refreshToken: string;
  VGToken: string;
  status: VisualGuardStatus;
  /** All reasons of a refusal, the most useful first. */
  reasons: VisualGuardReason[];
  /** The reasons that end a challenge. A warning or a missing contact does not. */
  blocking: VisualGuardReason[];
  /** The warnings of a successful sign-in. */
  warnings: Warning[];
  /** Whether the server wants a second factor. */
  challenged: boolean;
  /** Whether the server has sent a code or link, or waits for a code. */
  waiting: boolean;
  methods: Method[];
  requestId: string;
  /** The http(s) address of the enrollment. Empty if there is none. */
  enrollmentUrl: string;
}

/**
 * Reads a Visual Guard reply (PROTOCOL.md: replies). It never throws. A reply without a token is never a success.
 *
 * Flags, status numbers and status names are merged. Each may be missing, may be in `AuthenticationState` or in
 * `AuthenticationResponse`, and may be unknown.
 *
 * @returns undefined if the reply has no Visual Guard state
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
  // An OAuth error is more useful than a `VGResponse` without any state.
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

/** Whether each part of the description is the name of a state, as in "Failure, UserNotFound". */
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

/** The address may be in `AuthenticationEnrollmentRequest` or in `EnrollmentUrl` of an item: this is not documented. */
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

/** Whether the password is wrong. The same password must not be sent again, because that may lock the account. */
export function saysWrongPassword({ reasons }: VisualGuardResponse): boolean {
  return reasons[0] === 'credentials-invalid' || reasons[0] === 'last-attempt';
}

/** Whether the reply to a login is a challenge that can be answered. */
export function setsChallenge(reading: VisualGuardResponse): boolean {
  const open: VisualGuardReason[] = ['mfa-delivery-failed'];
  if (!reading.blocking.every((reason) => open.includes(reason))) return false;
  return (reading.challenged && reading.methods.length > 0) || (reading.waiting && requestIdOf(reading) !== '');
}

/** The request id of the first method, or else of the reply (PROTOCOL.md: challenges). */
export function requestIdOf(reading: VisualGuardResponse): string {
  return reading.methods[0]?.requestId ?? reading.requestId;
}

/** Removes unknown names of states, because a server can write anything into them. */
export function keepKnownNames({ status: { authentication, authorization } }: VisualGuardResponse): void {
  const known = new Set([...AUTHENTICATION_BITS, ...AUTHORIZATION_BITS].map(({ name }) => name));
  for (const state of [authentication, authorization]) state.names = state.names.filter((name) => known.has(name));
}

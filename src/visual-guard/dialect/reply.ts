import { VISUAL_GUARD_REASONS, type VisualGuardReason, type Warning } from '../../reasons.ts';
import { isBearer } from '../../token.ts';
import { type Method, readId, readMethods } from './methods.ts';
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
export interface VisualGuardReading {
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

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a Visual Guard reply (PROTOCOL.md: replies). A pure function: it never throws, and never calls a reply without a token a success.
 *
 * Flags, status numbers and status names are merged. Any may be missing, may stand in `AuthenticationState`
 * or in `AuthenticationResponse`, and may be unknown.
 *
 * @param body the JSON object of the reply
 * @param show lets a text of the server through to a message, or not
 * @returns undefined where the reply has no Visual Guard state at all
 */
export function readVisualGuardReply(
  body: Json,
  show: (text: string) => string | undefined = (text) => text,
): VisualGuardReading | undefined {
  const response = asObject(body.VGResponse);
  const state = asObject(response?.AuthenticationState);
  const answer = asObject(response?.AuthenticationResponse);
  const topStatus = body.VGAuthenticationStatus;
  if (!response && typeof topStatus !== 'string') return undefined;

  const authentication = mergeState(
    AUTHENTICATION_BITS,
    {
      numbers: [state?.Status, answer?.Status, topStatus],
      names: [
        topStatus,
        response?.AuthenticationStatus,
        state?.Status,
        answer?.Status,
        onlyStates(body.error_description),
      ],
      flags: [state, answer],
    },
    show,
  );
  const authorizationState = asObject(response?.AuthorizationState);
  const authorization = mergeState(
    AUTHORIZATION_BITS,
    {
      numbers: [authorizationState?.Status],
      names: [response?.AuthorizationStatus, authorizationState?.Status],
      flags: [authorizationState],
    },
    show,
  );

  const failed = hasName(authentication, 'Failure');
  const accessToken = !failed && isBearer(body.access_token) ? body.access_token : '';
  const requestId = readId(answer?.RequestId) || readId(response?.RequestId);
  const credentialInvalid = hasFlag(state, CREDENTIAL_INVALID_FLAG) || hasFlag(answer, CREDENTIAL_INVALID_FLAG);
  const saysNothing = !credentialInvalid && isSilent(authentication) && isSilent(authorization);
  // An OAuth error says more than a `VGResponse` that says nothing.
  if (saysNothing && !isBearer(body.access_token) && (!response || typeof body.error === 'string')) return undefined;
  return {
    accessToken,
    refreshToken: typeof body.refresh_token === 'string' ? body.refresh_token : '',
    VGToken: typeof response?.VGToken === 'string' ? response.VGToken : '',
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
    methods: readMethods(answer?.MFAAvailables, requestId, show),
    requestId,
    enrollmentUrl: readEnrollmentUrl(answer, response, show),
  };
}

/** A description counts only where every part of it is a state, as in "Failure, UserNotFound". */
function onlyStates(description: unknown): string | undefined {
  if (typeof description !== 'string' || description.length > 2000) return undefined;
  const known = description
    .split(',')
    .every((part) => AUTHENTICATION_BITS.some(({ name }) => name === part.trim()) || /^\s*\d+\s*$/.test(part));
  return known ? description : undefined;
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

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** The exact place is not documented: an `AuthenticationEnrollmentRequest` of the reply, or an `EnrollmentUrl` of an item. */
function readEnrollmentUrl(
  answer: Json | undefined,
  response: Json | undefined,
  show: (text: string) => string | undefined,
): string {
  const items = Array.isArray(answer?.MFAAvailables) ? answer.MFAAvailables.slice(0, 20).map(asObject) : [];
  const requests = [answer?.AuthenticationEnrollmentRequest, response?.AuthenticationEnrollmentRequest];
  const places = [answer, response, ...requests.map(asObject), ...items];
  const candidates = [...requests, ...places.flatMap((place) => [place?.EnrollmentUrl, place?.Url])];
  for (const candidate of candidates) {
    if (typeof candidate !== 'string' || candidate.length > 2000) continue;
    try {
      const url = new URL(candidate);
      if (url.protocol !== 'https:' && url.protocol !== 'http:') continue;
      // As it stands there, as it is spelt in an address, and as that reads.
      return show(candidate) && show(decoded(url.href)) ? (show(url.href) ?? '') : '';
    } catch {
      // Not an address.
    }
  }
  return '';
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

/** Whether the password was wrong, so that sending it again may lock the account. */
export function saysWrongPassword({ reasons }: VisualGuardReading): boolean {
  return reasons[0] === 'credentials-invalid' || reasons[0] === 'last-attempt';
}

/** Whether a reply to a login sets a challenge that can be answered. */
export function setsChallenge(reading: VisualGuardReading): boolean {
  const open: VisualGuardReason[] = ['mfa-delivery-failed'];
  if (!reading.blocking.every((reason) => open.includes(reason))) return false;
  return (reading.challenged && reading.methods.length > 0) || (reading.waiting && requestIdOf(reading) !== '');
}

/** The request id of a reply: an item's, else that of the reply itself (PROTOCOL.md: challenges). */
export function requestIdOf(reading: VisualGuardReading): string {
  return reading.methods[0]?.requestId ?? reading.requestId;
}

/** Takes names of states that are not known here out of a reading: a server can write into them what it likes. */
export function keepKnownNames({ status: { authentication, authorization } }: VisualGuardReading): void {
  const known = new Set([...AUTHENTICATION_BITS, ...AUTHORIZATION_BITS].map(({ name }) => name));
  for (const state of [authentication, authorization]) state.names = state.names.filter((name) => known.has(name));
}

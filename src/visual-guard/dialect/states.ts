import type { VisualGuardReason, Warning } from '../../core/reasons.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import type { MergedState } from '../outcome-data.ts';

/**
 * One bit of a Visual Guard status: its name in a reply, the flag with the same meaning, and its meaning for a flow.
 */
export interface StateBit {
  value: number;
  name: string;
  /** A boolean of the reply with the same meaning. With "!" before its name, `false` has this meaning. */
  flag?: string;
  /** The reason of a refusal with this bit. */
  reason?: VisualGuardReason;
  /** The warning of a successful sign-in with this bit. */
  warning?: Warning;
}

/**
 * The bits of `VGAuthenticationStatus` (PROTOCOL.md: status bits). Bits 0 to 25 come from the constants that Novalys
 * published, 26 to 28 from its documentation and sample reply.
 */
export const AUTHENTICATION_BITS: readonly StateBit[] = [
  { value: 2 ** 0, name: 'Failure', flag: 'IsFailed' },
  { value: 2 ** 1, name: 'UserNotFound', reason: 'credentials-invalid' },
  { value: 2 ** 2, name: 'PasswordIsLocked', flag: 'IsUserAccountLockedOut', reason: 'account-locked' },
  { value: 2 ** 3, name: 'PasswordDoesNotMatch', reason: 'credentials-invalid' },
  { value: 2 ** 4, name: 'UserNotAuthorized', flag: 'IsUserNotAuthorized', reason: 'user-not-authorized' },
  { value: 2 ** 5, name: 'UserAccountExpired', flag: 'IsUserAccountExpired', reason: 'account-expired' },
  {
    value: 2 ** 6,
    name: 'UserAccountNotYetAvailable',
    flag: 'IsUserAccountNotYetAvailable',
    reason: 'account-not-yet-available',
  },
  { value: 2 ** 7, name: 'ProcessCanceled', flag: 'IsCanceled', reason: 'canceled' },
  { value: 2 ** 8, name: 'NotApproved', flag: 'IsNotApproved', reason: 'account-not-approved' },
  {
    value: 2 ** 9,
    name: 'MustChangePasswordAtNextLogon',
    flag: 'MustChangePasswordAtNextLogon',
    reason: 'password-change-required',
  },
  { value: 2 ** 10, name: 'LastBadLogin', flag: 'IsLastBadLogin', reason: 'last-attempt' },
  { value: 2 ** 11, name: 'Success' },
  {
    value: 2 ** 12,
    name: 'LastGraceLogon',
    flag: 'IsLastGraceLogon',
    reason: 'password-expired',
    warning: 'last-grace-logon',
  },
  {
    value: 2 ** 13,
    name: 'PasswordExpired',
    flag: 'IsPasswordExpired',
    reason: 'password-expired',
    warning: 'password-expired',
  },
  {
    value: 2 ** 14,
    name: 'PasswordDoesNotPassValidation',
    flag: '!IsPasswordSecure',
    reason: 'password-change-required',
    warning: 'password-weak',
  },
  { value: 2 ** 15, name: 'PasswordWillBeLocked', flag: 'IsUserAccountWillBeLockedOut', reason: 'last-attempt' },
  { value: 2 ** 16, name: 'UserNotFoundInCustomStorage', reason: 'credentials-invalid' },
  { value: 2 ** 17, name: 'UserAccountDisabled', flag: 'IsUserAccountDisabled', reason: 'account-disabled' },
  { value: 2 ** 18, name: 'UserAccountLocked', flag: 'IsUserAccountLocked', reason: 'account-locked' },
  { value: 2 ** 19, name: 'SecureCodeDoesNotMatch', reason: 'code-invalid' },
  { value: 2 ** 20, name: 'MFA_WaitingUserAction', flag: 'IsMFAWaitingUserAction' },
  { value: 2 ** 21, name: 'MFA_FailedSendingRequest', reason: 'mfa-delivery-failed' },
  { value: 2 ** 22, name: 'UserAccountMissingEmail', flag: 'HasUserAccountMissingEmail', reason: 'contact-missing' },
  {
    value: 2 ** 23,
    name: 'UserAccountMissingMobilePhone',
    flag: 'HasUserAccountMissingMobilePhone',
    reason: 'contact-missing',
  },
  { value: 2 ** 24, name: 'MFA_LinkTimeout', flag: 'IsMFATimeOut', reason: 'mfa-timeout' },
  { value: 2 ** 25, name: 'CustomProviderError', reason: 'provider-error' },
  { value: 2 ** 26, name: 'MFA_GraceLogin', warning: 'mfa-grace-login' },
  { value: 2 ** 27, name: 'MFA_AuthenticationRequired', flag: 'IsMFAAuthenticationRequired' },
  {
    value: 2 ** 28,
    name: 'MFA_EnrollmentRequired',
    flag: 'IsMFAEnrollmentRequired',
    reason: 'mfa-enrollment-required',
  },
];

/** The bits of `VGAuthorizationStatus`. "Failure" alone only means that there was no authorization yet. */
export const AUTHORIZATION_BITS: readonly StateBit[] = [
  { value: 2 ** 0, name: 'Failure', flag: 'IsFailed' },
  { value: 2 ** 1, name: 'UserNotFound', flag: 'IsUserNotFound', reason: 'user-not-authorized' },
  { value: 2 ** 2, name: 'UserNotAuthorized', flag: 'IsUserNotAuthorized', reason: 'user-not-authorized' },
  { value: 2 ** 3, name: 'ProcessCanceled', flag: 'IsCanceled', reason: 'canceled' },
  { value: 2 ** 4, name: 'Success' },
  { value: 2 ** 5, name: 'VersionNotCompatible', flag: 'IsVersionNotCompatible', reason: 'version-not-compatible' },
  { value: 2 ** 6, name: 'GroupSelectionInvalid', reason: 'group-selection-invalid' },
  { value: 2 ** 7, name: 'RoleSelectionInvalid', reason: 'role-selection-invalid' },
  { value: 2 ** 8, name: 'InProgress' },
];

/** The flag for a wrong user name or a wrong password. It does not say which. */
export const CREDENTIAL_INVALID_FLAG = 'IsCredentialInvalid';

/** A member of a reply that may contain a status, as a number or as names. */
export type StatusPlace = readonly [place: ReplyObject | undefined, name: string];

/**
 * Merges a status: all bits that a number, a name or a flag of the reply has. .NET prints a status with an unknown bit as
 * a number, so a name may be a number.
 *
 * @param flags the objects that may have the flags
 */
export function mergeState(
  bits: readonly StateBit[],
  statuses: readonly StatusPlace[],
  flags: readonly (ReplyObject | undefined)[],
): MergedState {
  let value = 0;
  const unknown = new Set<string>();
  for (const [place, member] of statuses) {
    value = union(value, wholeNumber(place?.number(member)));
    for (const word of place?.names(member) ?? []) {
      const bit = bits.find(({ name }) => name.toLowerCase() === word.toLowerCase());
      if (bit) value = union(value, bit.value);
      else if (/^\d{1,16}$/.test(word)) value = union(value, wholeNumber(Number(word)));
      else if (word !== '' && unknown.size < 16 && place?.mayShow(word)) unknown.add(word);
    }
  }
  for (const source of flags) {
    for (const bit of bits) if (bit.flag && hasFlag(source, bit.flag)) value = union(value, bit.value);
  }
  return { value, names: [...bits.filter((bit) => has(value, bit.value)).map(({ name }) => name), ...unknown] };
}

/** Whether a status has a bit. */
export function has(value: number, bit: number): boolean {
  return Math.floor(value / bit) % 2 === 1;
}

/** Whether a flag is set. Only a boolean counts. */
export function hasFlag(source: ReplyObject | undefined, flag: string): boolean {
  return flag.startsWith('!') ? source?.flag(flag.slice(1)) === false : source?.flag(flag) === true;
}

/** A bitwise OR for all safe integers. JavaScript's own operator has 32 bits, and a later server may use more. */
function union(a: number, b: number): number {
  return Number(BigInt(a) | BigInt(b));
}

function wholeNumber(number: number | undefined): number {
  return number !== undefined && Number.isSafeInteger(number) && number > 0 ? number : 0;
}

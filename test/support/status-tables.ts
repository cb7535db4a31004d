/** One row of a status table of src/visual-guard/PROTOCOL.md, and its result in a flow (docs/nodes.md: msg.auth, reasons). */
export interface StatusRow {
  bit: number;
  value: number;
  name: string;
  /** The flag with the same meaning; with `!` if `false` has that meaning. */
  flag?: string;
  /** The reason if there is no token. */
  reason: string;
  /** The warning if there is a token and a Success. */
  warning?: string;
}

/** `VGAuthenticationStatus`: PROTOCOL.md, status bits, copied by hand. */
export const AUTHENTICATION_TABLE: readonly StatusRow[] = [
  { bit: 0, value: 1, name: 'Failure', flag: 'IsFailed', reason: 'unknown' },
  { bit: 1, value: 2, name: 'UserNotFound', flag: 'IsCredentialInvalid', reason: 'credentials-invalid' },
  { bit: 2, value: 4, name: 'PasswordIsLocked', flag: 'IsUserAccountLockedOut', reason: 'account-locked' },
  { bit: 3, value: 8, name: 'PasswordDoesNotMatch', flag: 'IsCredentialInvalid', reason: 'credentials-invalid' },
  { bit: 4, value: 16, name: 'UserNotAuthorized', flag: 'IsUserNotAuthorized', reason: 'user-not-authorized' },
  { bit: 5, value: 32, name: 'UserAccountExpired', flag: 'IsUserAccountExpired', reason: 'account-expired' },
  {
    bit: 6,
    value: 64,
    name: 'UserAccountNotYetAvailable',
    flag: 'IsUserAccountNotYetAvailable',
    reason: 'account-not-yet-available',
  },
  { bit: 7, value: 128, name: 'ProcessCanceled', flag: 'IsCanceled', reason: 'canceled' },
  { bit: 8, value: 256, name: 'NotApproved', flag: 'IsNotApproved', reason: 'account-not-approved' },
  {
    bit: 9,
    value: 512,
    name: 'MustChangePasswordAtNextLogon',
    flag: 'MustChangePasswordAtNextLogon',
    reason: 'password-change-required',
  },
  { bit: 10, value: 1024, name: 'LastBadLogin', flag: 'IsLastBadLogin', reason: 'last-attempt' },
  { bit: 11, value: 2048, name: 'Success', reason: 'unknown' },
  {
    bit: 12,
    value: 4096,
    name: 'LastGraceLogon',
    flag: 'IsLastGraceLogon',
    reason: 'password-expired',
    warning: 'last-grace-logon',
  },
  {
    bit: 13,
    value: 8192,
    name: 'PasswordExpired',
    flag: 'IsPasswordExpired',
    reason: 'password-expired',
    warning: 'password-expired',
  },
  {
    bit: 14,
    value: 16384,
    name: 'PasswordDoesNotPassValidation',
    flag: '!IsPasswordSecure',
    reason: 'password-change-required',
    warning: 'password-weak',
  },
  {
    bit: 15,
    value: 32768,
    name: 'PasswordWillBeLocked',
    flag: 'IsUserAccountWillBeLockedOut',
    reason: 'last-attempt',
  },
  { bit: 16, value: 65536, name: 'UserNotFoundInCustomStorage', reason: 'credentials-invalid' },
  { bit: 17, value: 131072, name: 'UserAccountDisabled', flag: 'IsUserAccountDisabled', reason: 'account-disabled' },
  { bit: 18, value: 262144, name: 'UserAccountLocked', flag: 'IsUserAccountLocked', reason: 'account-locked' },
  { bit: 19, value: 524288, name: 'SecureCodeDoesNotMatch', reason: 'code-invalid' },
  { bit: 20, value: 1048576, name: 'MFA_WaitingUserAction', flag: 'IsMFAWaitingUserAction', reason: 'unknown' },
  { bit: 21, value: 2097152, name: 'MFA_FailedSendingRequest', reason: 'mfa-delivery-failed' },
  {
    bit: 22,
    value: 4194304,
    name: 'UserAccountMissingEmail',
    flag: 'HasUserAccountMissingEmail',
    reason: 'contact-missing',
  },
  {
    bit: 23,
    value: 8388608,
    name: 'UserAccountMissingMobilePhone',
    flag: 'HasUserAccountMissingMobilePhone',
    reason: 'contact-missing',
  },
  { bit: 24, value: 16777216, name: 'MFA_LinkTimeout', flag: 'IsMFATimeOut', reason: 'mfa-timeout' },
  { bit: 25, value: 33554432, name: 'CustomProviderError', reason: 'provider-error' },
  { bit: 26, value: 67108864, name: 'MFA_GraceLogin', reason: 'unknown', warning: 'mfa-grace-login' },
  {
    bit: 27,
    value: 134217728,
    name: 'MFA_AuthenticationRequired',
    flag: 'IsMFAAuthenticationRequired',
    reason: 'unknown',
  },
  {
    bit: 28,
    value: 268435456,
    name: 'MFA_EnrollmentRequired',
    flag: 'IsMFAEnrollmentRequired',
    reason: 'mfa-enrollment-required',
  },
];

/** `VGAuthorizationStatus`: PROTOCOL.md, and the flags of the sample reply in test/fixtures. */
export const AUTHORIZATION_TABLE: readonly StatusRow[] = [
  { bit: 0, value: 1, name: 'Failure', flag: 'IsFailed', reason: 'unknown' },
  { bit: 1, value: 2, name: 'UserNotFound', flag: 'IsUserNotFound', reason: 'user-not-authorized' },
  { bit: 2, value: 4, name: 'UserNotAuthorized', flag: 'IsUserNotAuthorized', reason: 'user-not-authorized' },
  { bit: 3, value: 8, name: 'ProcessCanceled', flag: 'IsCanceled', reason: 'canceled' },
  { bit: 4, value: 16, name: 'Success', reason: 'unknown' },
  {
    bit: 5,
    value: 32,
    name: 'VersionNotCompatible',
    flag: 'IsVersionNotCompatible',
    reason: 'version-not-compatible',
  },
  { bit: 6, value: 64, name: 'GroupSelectionInvalid', reason: 'group-selection-invalid' },
  { bit: 7, value: 128, name: 'RoleSelectionInvalid', reason: 'role-selection-invalid' },
  { bit: 8, value: 256, name: 'InProgress', reason: 'unknown' },
];

/** The order in which the most useful reason takes precedence, as docs/nodes.md lists them, copied by hand. */
export const REASON_ORDER: readonly string[] = [
  'mfa-enrollment-required',
  'contact-missing',
  'mfa-delivery-failed',
  'mfa-timeout',
  'code-invalid',
  'password-change-required',
  'password-expired',
  'account-locked',
  'account-disabled',
  'account-expired',
  'account-not-yet-available',
  'account-not-approved',
  'last-attempt',
  'credentials-invalid',
  'user-not-authorized',
  'canceled',
  'version-not-compatible',
  'group-selection-invalid',
  'role-selection-invalid',
  'provider-error',
  'unknown',
];

/** A method of a practice user, with the numbers of Visual Guard's dialect. */
export interface PracticeMethod {
  transport: 0 | 1 | 2 | 3;
  mode: 1 | 2 | 9;
  destination: string;
}

const SMS: PracticeMethod = { transport: 1, mode: 2, destination: '+49*****0100' };
const EMAIL: PracticeMethod = { transport: 2, mode: 2, destination: 'p******e@e******.org' };
const LINK: PracticeMethod = { transport: 2, mode: 1, destination: 'p******e@e******.org' };
const LINK_BY_SMS: PracticeMethod = { transport: 1, mode: 1, destination: '+49*****0100' };
const WHATSAPP: PracticeMethod = { transport: 3, mode: 2, destination: '+49*****0100' };
/** The number of this mode is not published; any but 1 and 2 is possible. */
const APP: PracticeMethod = { transport: 0, mode: 9, destination: '' };

/** A practice user, and what happens at the sign-in. */
export interface PracticeUser {
  user: string;
  /** What happens, for docs/practice.md and the help. */
  what: string;
  /** The status names of the response to a right password, if it is not a plain success. */
  says?: string[];
  /** The status names of the authorization, if it fails. */
  authorization?: string[];
  /** The methods of the second factor. */
  methods?: PracticeMethod[];
  /** How the sign-in, or its challenge, fails. */
  trouble?:
    | 'every-code-wrong'
    | 'first-code-wrong'
    | 'too-late'
    | 'not-delivered'
    | 'link-cut'
    | 'link-gateway'
    | 'link-at-once'
    | 'new-request'
    | 'slow'
    | 'cut'
    | 'gateway';
  /** Whether the response has a token, although it has more states than Success. */
  token?: boolean;
  /** How many wrong passwords lock the account. The response to the one before has the state "last attempt". */
  lockedAfter?: number;
}

/** The practice users. `practice` is the default user. */
export const PRACTICE_USERS: readonly PracticeUser[] = [
  { user: 'practice', what: 'signs in at once, with a refresh token' },
  { user: 'plain', what: 'signs in at once, with a refresh token' },
  { user: 'all', what: 'can choose: code by SMS or email, or a link by email', methods: [SMS, EMAIL, LINK] },
  { user: 'sms', what: 'gets a code by SMS', methods: [SMS] },
  { user: 'email', what: 'gets a code by email', methods: [EMAIL] },
  { user: 'whatsapp', what: 'gets a code by WhatsApp', methods: [WHATSAPP] },
  { user: 'app', what: 'reads the code in an authenticator app', methods: [APP] },
  { user: 'link', what: 'gets a link by email', methods: [LINK] },
  { user: 'link-sms', what: 'gets a link by SMS', methods: [LINK_BY_SMS] },
  { user: 'wrong-code', what: 'every code is wrong', methods: [SMS], trouble: 'every-code-wrong' },
  {
    user: 'wrong-then-right',
    what: 'the first code is always wrong',
    methods: [SMS],
    trouble: 'first-code-wrong',
  },
  {
    user: 'timeout',
    what: 'the code is not entered in time, or the link is not clicked in time',
    methods: [SMS, LINK],
    trouble: 'too-late',
  },
  {
    user: 'delivery-failure',
    what: 'the code or link cannot be delivered',
    methods: [SMS, EMAIL, LINK],
    trouble: 'not-delivered',
  },
  {
    user: 'new-request',
    what: 'the server responds to the first choice with a new request',
    methods: [SMS, EMAIL],
    trouble: 'new-request',
  },
  {
    user: 'link-at-once',
    what: 'the server responds before the link is clicked',
    methods: [LINK],
    trouble: 'link-at-once',
  },
  {
    user: 'link-cut',
    what: 'the connection is closed before the link is clicked',
    methods: [LINK],
    trouble: 'link-cut',
  },
  {
    user: 'link-gateway',
    what: 'a gateway responds with status 502 before the link is clicked',
    methods: [LINK],
    trouble: 'link-gateway',
  },
  { user: 'slow', what: 'the server responds after one minute', trouble: 'slow' },
  { user: 'cut', what: 'the connection is closed', trouble: 'cut' },
  { user: 'gateway', what: 'a gateway responds with status 502', trouble: 'gateway' },
  { user: 'enrollment', what: 'must set up a second factor first', says: ['MFA_EnrollmentRequired'] },
  { user: 'missing-email', what: 'has no email address for the second factor', says: ['UserAccountMissingEmail'] },
  { user: 'missing-phone', what: 'has no phone number for the second factor', says: ['UserAccountMissingMobilePhone'] },
  {
    user: 'grace-login',
    what: 'signs in without a second factor, for a limited time',
    says: ['MFA_GraceLogin'],
    token: true,
  },
  {
    user: 'grace-logon',
    what: 'signs in with an old password, for the last time',
    says: ['LastGraceLogon'],
    token: true,
  },
  { user: 'expired-password', what: 'signs in, but the password has expired', says: ['PasswordExpired'], token: true },
  {
    user: 'weak-password',
    what: 'signs in, but the password is too weak',
    says: ['PasswordDoesNotPassValidation'],
    token: true,
  },
  { user: 'change-password', what: 'must change the password first', says: ['MustChangePasswordAtNextLogon'] },
  { user: 'dead-password', what: 'the password has expired, and can no longer be used', says: ['PasswordExpired'] },
  { user: 'last-attempt', what: 'the next wrong password locks the account', says: ['LastBadLogin'] },
  {
    user: 'wrong-password',
    what: 'has a different password, so "practice" is refused',
    says: ['PasswordDoesNotMatch'],
  },
  { user: 'locks', what: 'is locked after three wrong passwords', lockedAfter: 3 },
  { user: 'locked', what: 'is locked', says: ['UserAccountLocked'] },
  { user: 'disabled', what: 'is disabled', says: ['UserAccountDisabled'] },
  { user: 'expired', what: 'the account has expired', says: ['UserAccountExpired'] },
  { user: 'not-yet-available', what: 'the account is not yet available', says: ['UserAccountNotYetAvailable'] },
  { user: 'not-approved', what: 'the account is not approved', says: ['NotApproved'] },
  { user: 'not-authorized', what: 'has no role in the application', says: ['UserNotAuthorized'] },
  { user: 'canceled', what: 'the sign-in is canceled on the server', says: ['ProcessCanceled'] },
  { user: 'provider-error', what: 'the authentication provider of the server fails', says: ['CustomProviderError'] },
  {
    user: 'version',
    what: 'signs in, but the version of the application is not compatible',
    authorization: ['VersionNotCompatible'],
    token: true,
  },
  {
    user: 'old-version',
    what: 'the version of the application is not compatible',
    authorization: ['VersionNotCompatible'],
  },
  { user: 'group', what: 'the selected group is not valid', authorization: ['GroupSelectionInvalid'] },
  { user: 'role', what: 'the selected role is not valid', authorization: ['RoleSelectionInvalid'] },
];

/** The practice service accounts of VGS, by client id. The secret of each is `practice`. */
export const PRACTICE_ACCOUNTS: readonly { clientId: string; what: string }[] = [
  { clientId: 'practice', what: 'gets a token for 300 s' },
  { clientId: 'short-life', what: 'gets a token for 10 s' },
  { clientId: 'missing-scope', what: 'gets a token without network-tokens:write' },
  { clientId: 'disabled', what: 'the service account is disabled' },
  { clientId: 'busy', what: 'too many requests (429): the server asks to retry after 60 s' },
  { clientId: 'outage', what: 'the server is unavailable (503)' },
];

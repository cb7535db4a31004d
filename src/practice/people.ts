/** A way that a practice user can be reached, by the numbers of Visual Guard's dialect. */
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
/** The number of this mode is not published; any that is not 1 or 2 will do. */
const APP: PracticeMethod = { transport: 0, mode: 9, destination: '' };

/** What the practice server does with a user. */
export interface PracticePerson {
  user: string;
  /** What happens, for the README and the help. */
  what: string;
  /** Status names of the reply to a right password, where it is not a plain success. */
  says?: string[];
  /** Status names of the authorization, where it fails. */
  authorization?: string[];
  /** Ways of a second factor. */
  methods?: PracticeMethod[];
  /** How the sign-in, or its challenge, goes wrong. */
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
  /** Whether the reply has a token although it says more than Success. */
  token?: boolean;
  /** How often a wrong password is taken before the account is locked; the one before says "last attempt". */
  lockedAfter?: number;
}

/** Every practice user. `practice` is the one meant where no user is given. */
export const PRACTICE_PEOPLE: readonly PracticePerson[] = [
  { user: 'practice', what: 'signs in at once, with a refresh token' },
  { user: 'plain', what: 'signs in at once, with a refresh token' },
  { user: 'all', what: 'may choose: code by SMS or email, or a link by email', methods: [SMS, EMAIL, LINK] },
  { user: 'sms', what: 'gets a code by SMS', methods: [SMS] },
  { user: 'email', what: 'gets a code by email', methods: [EMAIL] },
  { user: 'whatsapp', what: 'gets a code by WhatsApp', methods: [WHATSAPP] },
  { user: 'app', what: 'reads the code in an authenticator app', methods: [APP] },
  { user: 'link', what: 'gets a link by email', methods: [LINK] },
  { user: 'link-sms', what: 'gets a link by SMS', methods: [LINK_BY_SMS] },
  { user: 'wrong-code', what: 'every code is wrong', methods: [SMS], trouble: 'every-code-wrong' },
  {
    user: 'wrong-then-right',
    what: 'the first code is wrong, whatever it is',
    methods: [SMS],
    trouble: 'first-code-wrong',
  },
  { user: 'timeout', what: 'the code, or the link, comes too late', methods: [SMS, LINK], trouble: 'too-late' },
  { user: 'delivery-failure', what: 'nothing can be sent', methods: [SMS, EMAIL, LINK], trouble: 'not-delivered' },
  {
    user: 'new-request',
    what: 'the first choice is answered with a new request',
    methods: [SMS, EMAIL],
    trouble: 'new-request',
  },
  {
    user: 'link-at-once',
    what: 'the server does not keep the link request open',
    methods: [LINK],
    trouble: 'link-at-once',
  },
  { user: 'link-cut', what: 'the connection is cut while the link is open', methods: [LINK], trouble: 'link-cut' },
  {
    user: 'link-gateway',
    what: 'a gateway answers 502 while the link is open',
    methods: [LINK],
    trouble: 'link-gateway',
  },
  { user: 'slow', what: 'the server answers after a minute', trouble: 'slow' },
  { user: 'cut', what: 'the connection is cut', trouble: 'cut' },
  { user: 'gateway', what: 'a gateway answers 502', trouble: 'gateway' },
  { user: 'enrollment', what: 'has to enroll for a second factor first', says: ['MFA_EnrollmentRequired'] },
  { user: 'missing-email', what: 'has no email address for the second factor', says: ['UserAccountMissingEmail'] },
  { user: 'missing-phone', what: 'has no phone number for the second factor', says: ['UserAccountMissingMobilePhone'] },
  { user: 'grace-login', what: 'signs in without a second factor, for now', says: ['MFA_GraceLogin'], token: true },
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
  { user: 'change-password', what: 'has to change the password first', says: ['MustChangePasswordAtNextLogon'] },
  { user: 'dead-password', what: 'the password has expired, and no grace is left', says: ['PasswordExpired'] },
  { user: 'last-attempt', what: 'the next wrong password locks the account', says: ['LastBadLogin'] },
  { user: 'wrong-password', what: 'has another password', says: ['PasswordDoesNotMatch'] },
  { user: 'locks', what: 'is locked after three wrong passwords', lockedAfter: 3 },
  { user: 'locked', what: 'is locked', says: ['UserAccountLocked'] },
  { user: 'disabled', what: 'is disabled', says: ['UserAccountDisabled'] },
  { user: 'expired', what: 'the account has expired', says: ['UserAccountExpired'] },
  { user: 'not-yet-available', what: 'the account is not yet available', says: ['UserAccountNotYetAvailable'] },
  { user: 'not-approved', what: 'the account is not approved', says: ['NotApproved'] },
  { user: 'not-authorized', what: 'has no role in the application', says: ['UserNotAuthorized'] },
  { user: 'canceled', what: 'the process is canceled at the server', says: ['ProcessCanceled'] },
  { user: 'provider-error', what: 'the provider behind the server fails', says: ['CustomProviderError'] },
  {
    user: 'version',
    what: 'signs in, but the application version does not fit',
    authorization: ['VersionNotCompatible'],
    token: true,
  },
  { user: 'old-version', what: 'the application version does not fit', authorization: ['VersionNotCompatible'] },
  { user: 'group', what: 'the group chosen is not valid', authorization: ['GroupSelectionInvalid'] },
  { user: 'role', what: 'the role chosen is not valid', authorization: ['RoleSelectionInvalid'] },
];

/** Every practice service account of VGS, by its client id. The secret of each is `practice`. */
export const PRACTICE_ACCOUNTS: readonly { clientId: string; what: string }[] = [
  { clientId: 'practice', what: 'gets a token for 300 s' },
  { clientId: 'short-life', what: 'gets a token for 10 s' },
  { clientId: 'missing-scope', what: 'gets a token without network-tokens:write' },
  { clientId: 'disabled', what: 'the service account is disabled' },
  { clientId: 'busy', what: 'the server is asked too often (429), and says to wait 60 s' },
  { clientId: 'outage', what: 'the server is down (503)' },
];

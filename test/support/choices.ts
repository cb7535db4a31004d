/** The types of values that name a config node, as documented. The first one is the default, as in each list below. */
const NAME = ['fixed', 'msg', 'flow', 'global', 'env'];

/** The types of values that name a user, as documented. */
export const USER = ['stored', 'session', 'msg', 'flow', 'global', 'env', 'str'];

/** The values of the properties with a fixed set of values, by type of flow node, as documented. */
export const FLOW_NODE_CHOICES: Record<string, Record<string, readonly string[]>> = {
  'vgs-token': { accountNameType: NAME },
  'vg-login': {
    serverNameType: NAME,
    usernameType: ['stored', 'msg', 'flow', 'global', 'env', 'str'],
    passwordType: ['stored', 'msg', 'flow', 'global', 'env'],
    method: ['ask', 'first', 'otp-sms', 'otp-email', 'otp-whatsapp', 'otp-app', 'link-sms', 'link-email'],
  },
  'vg-mfa': {
    action: ['submit', 'choose'],
    codeType: ['msg', 'flow', 'global'],
    methodType: ['msg', 'str'],
    challengeType: ['msg', 'flow', 'global'],
  },
  'vg-logout': { serverNameType: NAME, userType: USER },
  'attach-bearer': { source: ['vgs', 'vg', 'msg'], accountNameType: NAME, serverNameType: NAME, userType: USER },
};

/** The same of the config nodes. */
export const CONFIG_NODE_CHOICES: Record<string, Record<string, readonly string[]>> = {
  'vgs-account': { clientAuth: ['body', 'header'] },
  'vg-server': { mfaCredentials: ['none', 'username', 'username+password'] },
  'auth-store': { kind: ['context', 'redis'], topology: ['single', 'sentinel', 'cluster'] },
};

/** The properties that are true or false, by type of node. */
export const FLAGS: Record<string, readonly string[]> = {
  'attach-bearer': ['hide'],
  'vgs-account': ['byName', 'practice', 'insecureHttp'],
  'vg-server': ['byName', 'practice', 'insecureHttp', 'keepAlive'],
};

/** Properties with a list in the dialog whose values are not fixed: any text, or the context stores of settings.js. */
export const OPEN_LISTS: Record<string, readonly string[]> = { 'vg-server': ['platform'], 'auth-store': ['context'] };

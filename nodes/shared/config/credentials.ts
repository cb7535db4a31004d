/** The credentials of the config node `vgs-account`. The editor shows those of type `text`. */
export const ACCOUNT_CREDENTIALS = {
  clientId: { type: 'text' },
  clientSecret: { type: 'password' },
  nextClientId: { type: 'text' },
  nextClientSecret: { type: 'password' },
  secretFor: { type: 'text' },
} as const;

/** The credentials of the config node `vg-server`, as above. */
export const SERVER_CREDENTIALS = {
  clientSecret: { type: 'password' },
  nextClientSecret: { type: 'password' },
  username: { type: 'text' },
  password: { type: 'password' },
  secretFor: { type: 'text' },
  passwordFor: { type: 'text' },
} as const;

/** The credentials of the config node `auth-store`, as above. */
export const STORE_CREDENTIALS = {
  encryptionKey: { type: 'password' },
  previousEncryptionKey: { type: 'password' },
  username: { type: 'text' },
  password: { type: 'password' },
  sentinelPassword: { type: 'password' },
  secretFor: { type: 'text' },
} as const;

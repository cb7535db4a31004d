import { AuthError } from '../../../src/core/errors.ts';
import { VGS_TOKEN_URL } from '../../../src/vgs/account.ts';
import { clientIdOf } from '../../../src/visual-guard/dialect/wire.ts';
import { readText, variableIn } from './variables.ts';

/** The properties and credentials of a config node or of its dialog, before variables are replaced. */
export interface Written {
  written(property: string): unknown;
  writtenCredential(property: string): unknown;
}

/**
 * Secrets of a config node, and the place for which they were entered. A secret is sent only there, so that a changed address does
 * not send it to another server. This guards against mistakes, not against a person who may edit and deploy flows.
 */
export interface SecretRule {
  /** The text credential with the place for which the secrets were entered. If it is empty or absent, nothing is checked. */
  readonly credential: 'secretFor' | 'passwordFor';
  /** The credentials to which it applies. */
  readonly secrets: readonly string[];
  /** Whether the secrets are not sent with these settings. */
  readonly isUnused?: (fields: Written) => boolean;
  /** The place for a secret that is entered now: the address, a space, and the client ID or the user name. */
  readonly owner: (fields: Written) => string;
}

/** The rules of `vgs-account`. The editor has the same ones, in resources/secrets.js. */
export const ACCOUNT_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['clientSecret', 'nextClientSecret'],
    owner: (fields) => ownerOf(textOf(fields, 'tokenUrl', VGS_TOKEN_URL), credentialOf(fields, 'clientId')),
  },
];

/** The rules of `vg-server`. */
export const SERVER_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['clientSecret', 'nextClientSecret'],
    owner: (fields) => {
      const client = clientIdOf(textOf(fields, 'applicationId'), textOf(fields, 'platform', 'Native'));
      return ownerOf(textOf(fields, 'url'), client);
    },
  },
  {
    credential: 'passwordFor',
    secrets: ['password'],
    isUnused: (fields) => textOf(fields, 'module').trim().toLowerCase() === 'passwordless',
    owner: (fields) => ownerOf(textOf(fields, 'url'), credentialOf(fields, 'username')),
  },
];

/**
 * The rules of `auth-store`. The encryption key is for one place, too: whoever gets the sealed records can try
 * passphrases. Records in the context of Node-RED stay in Node-RED.
 */
export const STORE_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['encryptionKey', 'previousEncryptionKey', 'password', 'sentinelPassword'],
    owner: (fields) => {
      if (textOf(fields, 'kind', 'context') === 'context') return 'context';
      const url = textOf(fields, 'url');
      const user = credentialOf(fields, 'username').trim() || userIn(url);
      return ownerOf(url, user, textOf(fields, 'topology') === 'sentinel' ? 26379 : 6379);
    },
  },
];

/**
 * Checks that the secrets of a config node were entered for the place of their present use.
 *
 * @param host of the address to which they would be sent, for the error
 * @throws AuthError `AUTH_CONFIG` if one was entered for another place, client or user, or a value is a list or an object
 */
export function checkSecrets(rules: readonly SecretRule[], fields: Written, host: string): void {
  for (const { credential, secrets, isUnused, owner } of rules) {
    if (isUnused?.(fields)) continue;
    const enteredFor = credentialOf(fields, credential).trim();
    if (enteredFor === '' || enteredFor === owner(fields)) continue;
    const property = secrets.find((each) => isBound(fields.writtenCredential(each)));
    if (property !== undefined) throw new AuthError('secret-again', { property, host });
  }
}

/**
 * Whether Test may use a stored secret with the values of a dialog: for the address, client and user for which it was entered,
 * and only with the deployed TLS configuration and proxy. Another proxy, or TLS that accepts any certificate,
 * could read it.
 *
 * @param now the dialog
 * @param deployed the deployed config node, with its stored credentials
 * @throws AuthError `AUTH_CONFIG` if a value is a list or an object
 */
export function mayUseSecret(rules: readonly SecretRule[], property: string, now: Written, deployed: Written): boolean {
  const rule = rules.find(({ secrets }) => secrets.includes(property));
  if (!rule) return false;
  if (!isBound(deployed.writtenCredential(property))) return true;
  const enteredFor = credentialOf(deployed, rule.credential).trim() || rule.owner(deployed);
  return enteredFor === rule.owner(now) && isSameRoute(now, deployed);
}

/** Whether TLS and proxy are the deployed ones, and http is not allowed in addition. */
function isSameRoute(now: Written, deployed: Written): boolean {
  const isAllowed = (fields: Written): boolean => ['true', true].includes(fields.written('insecureHttp') as string);
  const isSame = (property: string): boolean =>
    referenceIn(now.written(property)) === referenceIn(deployed.written(property));
  return isSame('tls') && isSame('proxy') && (!isAllowed(now) || isAllowed(deployed));
}

/** The id of a config node. Empty if none is selected: the editor writes `_ADD_`. */
export function referenceIn(value: unknown): string {
  return typeof value === 'string' && value !== '_ADD_' ? value : '';
}

/** Whether a secret is stored. A variable comes from the environment, and is not bound to a place. */
function isBound(secret: unknown): boolean {
  if (typeof secret === 'string') return secret.trim() !== '' && variableIn(secret) === undefined;
  return secret !== undefined && secret !== null;
}

/**
 * @param address as it is written
 * @param who the client id or the user name
 * @param usualPort the port of a Redis if the address has none
 */
function ownerOf(address: string, who: string, usualPort = 6379): string {
  return `${placeOf(address.trim(), usualPort)} ${who.trim()}`.trim();
}

/** The origin of a web address; scheme, host and port of a Redis; a variable and several addresses unchanged. */
function placeOf(address: string, usualPort: number): string {
  if (!URL.canParse(address)) return address;
  const { protocol, origin, hostname, port } = new URL(address);
  if (protocol === 'https:' || protocol === 'http:') return origin;
  const isOneRedis = (protocol === 'rediss:' || protocol === 'redis:') && !address.includes(',');
  return isOneRedis ? `${protocol}//${hostname.toLowerCase()}:${port || usualPort}` : address;
}

/** The user in the address of a Redis. */
function userIn(address: string): string {
  if (!URL.canParse(address)) return '';
  const { username } = new URL(address);
  try {
    return decodeURIComponent(username);
  } catch {
    return username;
  }
}

function textOf(fields: Written, property: string, otherwise = ''): string {
  return readText(property, fields.written(property), otherwise);
}

function credentialOf(fields: Written, property: string): string {
  return readText(property, fields.writtenCredential(property));
}

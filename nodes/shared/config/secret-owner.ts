import { AuthError } from '../../../src/core/errors.ts';
import { VGS_TOKEN_URL } from '../../../src/vgs/account.ts';
import { clientIdOf } from '../../../src/visual-guard/dialect/wire.ts';
import { variableIn } from './variables.ts';

/** What is written in a config node or in its dialog, before variables are replaced by their values. */
export interface Written {
  written(property: string): unknown;
  writtenCredential(property: string): unknown;
}

/**
 * Secrets of a config node, and whom they are typed in for. A secret goes only there, so that a changed address does not
 * send it to another server. It guards against mistakes, not against somebody who may write flows.
 */
export interface SecretRule {
  /** The text credential that says whom the secrets were typed in for. Empty or absent: nothing is checked. */
  readonly credential: 'secretFor' | 'passwordFor';
  /** The credentials that it holds for. */
  readonly secrets: readonly string[];
  /** Whether the secrets are not sent with these settings. */
  readonly isUnused?: (fields: Written) => boolean;
  /** Whom a secret that is typed in now is for: the place, a blank, and the client id or the user name. */
  readonly owner: (fields: Written) => string;
}

/** The rules of `vgs-account`. The editor has the same ones, in resources/secrets.js. */
export const ACCOUNT_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['clientSecret', 'nextClientSecret'],
    owner: (fields) => ownerOf(textOf(fields.written('tokenUrl'), VGS_TOKEN_URL), fields.writtenCredential('clientId')),
  },
];

/** The rules of `vg-server`. */
export const SERVER_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['clientSecret', 'nextClientSecret'],
    owner: (fields) => {
      const client = clientIdOf(textOf(fields.written('applicationId')), textOf(fields.written('platform'), 'Native'));
      return ownerOf(fields.written('url'), client);
    },
  },
  {
    credential: 'passwordFor',
    secrets: ['password'],
    isUnused: (fields) => /^\s*passwordless\s*$/i.test(textOf(fields.written('module'))),
    owner: (fields) => ownerOf(fields.written('url'), fields.writtenCredential('username')),
  },
];

/**
 * The rules of `auth-store`. What is sealed with its key lets others try passphrases, so the key is for one place, too.
 * What is in the context of Node-RED itself goes nowhere.
 */
export const STORE_SECRETS: readonly SecretRule[] = [
  {
    credential: 'secretFor',
    secrets: ['encryptionKey', 'previousEncryptionKey', 'password', 'sentinelPassword'],
    owner: (fields) => {
      if (textOf(fields.written('kind'), 'context') === 'context') return 'context';
      const url = fields.written('url');
      const user = textOf(fields.writtenCredential('username')).trim() || userIn(textOf(url));
      return ownerOf(url, user, fields.written('topology') === 'sentinel' ? 26379 : 6379);
    },
  },
];

/**
 * Looks whether the secrets of a config node were typed in for what they are used for now.
 *
 * @param host of the address that they would go to, for the error
 * @throws AuthError `AUTH_CONFIG` if one was typed in for another place, client or user
 */
export function checkSecrets(rules: readonly SecretRule[], fields: Written, host: string): void {
  for (const { credential, secrets, isUnused, owner } of rules) {
    if (isUnused?.(fields)) continue;
    const typedFor = textOf(fields.writtenCredential(credential)).trim();
    if (typedFor === '' || typedFor === owner(fields)) continue;
    const property = secrets.find((each) => isBound(fields.writtenCredential(each)));
    if (property !== undefined) throw new AuthError('secret-again', { property, host });
  }
}

/**
 * Whether a stored secret may be used for what is in a dialog.
 *
 * @param now what is in the dialog
 * @param deployed what is deployed, with all that is stored
 */
export function mayUseSecret(rules: readonly SecretRule[], property: string, now: Written, deployed: Written): boolean {
  const rule = rules.find(({ secrets }) => secrets.includes(property));
  if (!rule) return false;
  if (!isBound(deployed.writtenCredential(property))) return true;
  const typedFor = textOf(deployed.writtenCredential(rule.credential)).trim() || rule.owner(deployed);
  return typedFor === rule.owner(now);
}

/** A secret that is a variable comes from the environment, and changes with it. */
function isBound(secret: unknown): boolean {
  return typeof secret === 'string' && secret.trim() !== '' && variableIn(secret) === undefined;
}

/**
 * @param address as it is written
 * @param who the client id or the user name
 * @param port of a Redis, if the address has none
 */
function ownerOf(address: unknown, who: unknown, port = 6379): string {
  return `${placeOf(textOf(address).trim(), port)} ${textOf(who).trim()}`.trim();
}

/** The origin of a web address; scheme, host and port of a Redis; a variable and several addresses as they are written. */
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

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

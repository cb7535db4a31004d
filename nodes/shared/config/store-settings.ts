import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import { fingerprint } from '../../../src/core/redaction.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { ContextAccess } from '../../../src/store/context-access.ts';
import type { StorePlatform, StoreSettings } from '../../../src/store/open.ts';
import { readRedisAddress } from '../../../src/store/redis-address.ts';
import { tlsOf } from './route.ts';
import { variableIn } from './variables.ts';

/** What an `auth-store` keeps secret, and what it shows. */
export const STORE_CREDENTIALS = {
  encryptionKey: { type: 'password' },
  previousEncryptionKey: { type: 'password' },
  username: { type: 'text' },
  password: { type: 'password' },
  secretFor: { type: 'text' },
} as const;

/** What keys and channels in Redis begin with, where nothing else is set. */
export const USUAL_PREFIX = 'vg-auth:';

/**
 * What an `auth-store` is set to, deployed or in its dialog.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readStore(fields: SettingsReader): StoreSettings {
  const kind = fields.text('kind', 'context');
  if (kind !== 'context' && kind !== 'redis') throw new AuthError('config-value-unknown', { property: 'kind' });
  const encryptionKey = fields.credential('encryptionKey');
  if (encryptionKey.trim() === '') throw new AuthError('property-missing', { property: 'encryptionKey' });
  const keys = { encryptionKey, previousEncryptionKey: fields.credential('previousEncryptionKey') };
  if (kind === 'context') return { kind, context: fields.text('context').trim(), ...keys };
  const url = fields.text('url').trim();
  if (url === '') throw new AuthError('property-missing', { property: 'url' });
  const address = readRedisAddress(url, 'url');
  // From the environment it may come as platforms give it, with a password. In the flow file everybody could read it.
  if (address.password !== '' && variableIn(fields.written('url')) === undefined) {
    throw new AuthError('store-password-written', { property: 'url' });
  }
  return {
    kind,
    ...address,
    username: fields.credential('username') || address.username,
    password: fields.credential('password') || address.password,
    prefix: fields.text('prefix', USUAL_PREFIX),
    ...keys,
  };
}

/** The shortest encryption key that nobody can guess, in characters. */
const SHORTEST_KEY = 16;

/** Whether an encryption key is so short that it might be guessed. It works all the same. */
export function isShort(encryptionKey: string): boolean {
  return [...encryptionKey].length < SHORTEST_KEY;
}

/** How a context store keeps what it is given. */
export interface ContextKind {
  /** Whether it is there after a restart. */
  survives: boolean;
  /** For how long a change may stand in memory alone, in seconds; undefined where that is not known. */
  window: number | undefined;
}

/** The part of settings.js that says which context stores there are. */
interface ContextStorage {
  [name: string]: string | { module?: unknown; config?: { cache?: unknown; flushInterval?: unknown } } | undefined;
}

/** How often Node-RED's `localfilesystem` writes what it keeps in its cache, in seconds, where nothing else is set. */
const USUAL_FLUSH = 30;

/**
 * What settings.js says of a context store.
 *
 * @param name empty for the one that is the default
 * @throws AuthError `AUTH_CONFIG` where there is none of that name: Node-RED would take the default one
 */
export function contextKindOf(settings: object, name: string): ContextKind {
  const storage = ((settings as { contextStorage?: unknown }).contextStorage ?? {}) as ContextStorage;
  const names = Object.keys(storage).filter((each) => each !== '_');
  if (names.length === 0 && (name === '' || name === 'memory')) return { survives: false, window: undefined };
  let wanted = name || (Object.hasOwn(storage, 'default') ? 'default' : (names[0] ?? ''));
  const alias = Object.hasOwn(storage, wanted) ? storage[wanted] : undefined;
  if (typeof alias === 'string') wanted = alias;
  const found = names.includes(wanted) ? storage[wanted] : undefined;
  if (typeof found !== 'object' || found === null) throw new AuthError('context-store-unknown', { name });
  if (found.module === 'memory') return { survives: false, window: undefined };
  if (found.module !== 'localfilesystem') return { survives: true, window: undefined };
  const { cache, flushInterval } = found.config ?? {};
  if (cache !== undefined && !cache) return { survives: true, window: 0 };
  return { survives: true, window: Math.max(0, Number(flushInterval ?? USUAL_FLUSH) || 0) };
}

/** What a store needs of the platform, and what makes it another one than the same settings elsewhere. */
export function meansOf(
  RED: NodeAPI,
  node: Node | null,
  settings: StoreSettings,
  tls: string | undefined,
): { means: StorePlatform; via: string } {
  if (settings.kind === 'context') {
    contextKindOf(RED.settings, settings.context);
    if (!node) throw new AuthError('config-node-missing', { property: 'context' });
    return { means: { context: contextOf(node, settings.context) }, via: `context of ${node.id}` };
  }
  if (!settings.isSecure) return { means: {}, via: '' };
  const options = tlsOf(RED, tls);
  return {
    means: options ? { tls: options } : {},
    via: options ? `tls ${fingerprint(JSON.stringify(options))}` : '',
  };
}

/** The node's own context in a context store. `_` is the one that is the default. */
function contextOf(node: Node, name: string): ContextAccess {
  // The published types know neither several keys at once nor the name of a store with a callback.
  const context = node.context() as unknown as {
    get(keys: string[], store: string, answer: (error: unknown, ...values: unknown[]) => void): void;
    set(keys: string[], values: unknown[], store: string, answer: (error?: unknown) => void): void;
    keys(store: string, answer: (error: unknown, keys?: unknown) => void): void;
  };
  const store = name || '_';
  return {
    get: (keys, answer) => context.get(keys, store, answer),
    set: (keys, values, answer) => context.set(keys, values, store, answer),
    keys: (answer) => context.keys(store, answer),
  };
}

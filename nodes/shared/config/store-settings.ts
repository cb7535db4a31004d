import type { Node, NodeAPI } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';
import { fingerprint } from '../../../src/core/redaction.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { ContextAccess } from '../../../src/store/context-access.ts';
import type { StorePlatform, StoreSettings } from '../../../src/store/open.ts';
import { readRedisAddress, TOPOLOGIES } from '../../../src/store/redis-address.ts';
import { contextFolder, type FolderConfig, tryFolder } from './context-folder.ts';
import { tlsOf } from './route.ts';
import type { Placed } from './running-flow.ts';
import { variableIn } from './variables.ts';

/** The default prefix of keys and channels in Redis. */
export const DEFAULT_PREFIX = 'vg-auth:';

/**
 * The settings of an `auth-store`, deployed or in its dialog.
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
  const named = fields.text('topology', 'single');
  const topology = TOPOLOGIES.find((each) => each === named);
  if (!topology) throw new AuthError('config-value-unknown', { property: 'topology' });
  const isSentinel = topology === 'sentinel';
  const primary = isSentinel ? fields.text('primary').trim() : '';
  if (isSentinel && primary === '') throw new AuthError('property-missing', { property: 'primary' });
  const address = readRedisAddress(url, topology, 'url');
  // Platforms put a password into the address in the environment. In the flow file, everybody could read it.
  if (address.password !== '' && variableIn(fields.written('url')) === undefined) {
    throw new AuthError('store-password-written', { property: 'url' });
  }
  const prefix = fields.text('prefix', DEFAULT_PREFIX);
  // Redis reads no hash tag from a key whose first braces are empty.
  if (topology === 'cluster' && /^[^{]*\{\}/.test(prefix)) {
    throw new AuthError('store-prefix-braces', { property: 'prefix' });
  }
  return {
    kind,
    ...address,
    primary,
    sentinelPassword: isSentinel ? fields.credential('sentinelPassword') : '',
    username: fields.credential('username') || address.username,
    password: fields.credential('password') || address.password,
    prefix,
    ...keys,
  };
}

/** A shorter encryption key can be guessed. In characters. */
const SHORTEST_KEY = 16;

/** Whether an encryption key is so short that it can be guessed. It works nevertheless. */
export function isShort(encryptionKey: string): boolean {
  return [...encryptionKey].length < SHORTEST_KEY;
}

/** How a context store keeps its content. */
export interface ContextKind {
  /** Whether its content is there after a restart. */
  survives: boolean;
  /** How long a change can be in memory only, in seconds. Undefined if that is not known. */
  window: number | undefined;
}

/** A context store as settings.js describes it. */
interface ContextModule {
  module?: unknown;
  config?: FolderConfig & { cache?: unknown; flushInterval?: unknown };
}

/** How often Node-RED's `localfilesystem` writes its cache to files by default, in seconds. */
const DEFAULT_FLUSH = 30;

/**
 * How a context store keeps its content.
 *
 * @param name empty for the default one
 * @throws AuthError `AUTH_CONFIG` if there is none of that name
 */
export function contextKindOf(settings: object, name: string): ContextKind {
  const { module, config } = contextModuleOf(settings, name);
  if (module === 'memory') return { survives: false, window: undefined };
  if (module !== 'localfilesystem') return { survives: true, window: undefined };
  const { flushInterval } = config ?? {};
  if (!hasCache(config)) return { survives: true, window: 0 };
  return { survives: true, window: Math.max(0, Number(flushInterval ?? DEFAULT_FLUSH) || 0) };
}

/** Without `cache` in settings.js there is one. */
function hasCache({ cache }: { cache?: unknown } = {}): boolean {
  return cache === undefined || Boolean(cache);
}

/**
 * The settings of a context store in settings.js.
 *
 * @param name empty for the default one
 * @throws AuthError `AUTH_CONFIG` if there is none of that name: Node-RED would use the default one
 */
function contextModuleOf(settings: object, name: string): ContextModule {
  const storage = ((settings as { contextStorage?: unknown }).contextStorage ?? {}) as Record<
    string,
    string | ContextModule | undefined
  >;
  const names = Object.keys(storage).filter((each) => each !== '_');
  if (names.length === 0 && (name === '' || name === 'memory')) return { module: 'memory' };
  let wanted = name || (Object.hasOwn(storage, 'default') ? 'default' : (names[0] ?? ''));
  const alias = Object.hasOwn(storage, wanted) ? storage[wanted] : undefined;
  if (typeof alias === 'string') wanted = alias;
  const found = names.includes(wanted) ? storage[wanted] : undefined;
  if (typeof found !== 'object' || found === null) throw new AuthError('context-store-unknown', { name });
  return found;
}

/**
 * The parts of Node-RED that a store needs: the context of a node, or TLS options.
 *
 * @param user the `auth-store`, running or in its dialog
 * @param node the node whose context is used
 * @returns `via` is this as a part of the key of the store
 * @throws AuthError `AUTH_CONFIG` if the context store or the TLS configuration is missing or cannot be used
 */
export function meansOf(
  RED: NodeAPI,
  user: Placed,
  node: Node | null,
  settings: StoreSettings,
  tls: string | undefined,
): { means: StorePlatform; via: string } {
  if (settings.kind === 'context') {
    const { module, config } = contextModuleOf(RED.settings, settings.context);
    if (!node) throw new AuthError('config-node-missing', { property: 'context' });
    const folder = module === 'localfilesystem' ? contextFolder(RED.settings, config) : undefined;
    const context = contextOf(node, settings.context, hasCache(config) ? folder : undefined);
    if (folder !== undefined) context.tryWriting = () => tryFolder(folder);
    return { means: { context }, via: `context of ${node.id}` };
  }
  if (!settings.isSecure) {
    if (tls) throw new AuthError('store-tls-unused', { property: 'url' });
    return { means: {}, via: '' };
  }
  const files = tlsOf(RED, user, tls);
  if (!files) return { means: {}, via: '' };
  // With the paths, so that a store with the same contents from other files follows those.
  return { means: { tls: files }, via: `tls ${fingerprint(JSON.stringify([files.options, files.paths]))}` };
}

/**
 * The node's own context in a context store. `_` is the default one.
 *
 * @param folder of a context store with a cache: a write has succeeded only if the folder can be written
 */
function contextOf(node: Node, name: string, folder: string | undefined): ContextAccess {
  // The published types have neither several keys at once nor the name of a store with a callback.
  const context = node.context() as unknown as {
    get(keys: string[], store: string, answer: (error: unknown, ...values: unknown[]) => void): void;
    set(keys: string[], values: unknown[], store: string, answer: (error?: unknown) => void): void;
    keys(store: string, answer: (error: unknown, keys?: unknown) => void): void;
  };
  const store = name || '_';
  return {
    get: (keys, answer) => context.get(keys, store, answer),
    set: (keys, values, answer) =>
      context.set(keys, values, store, (error) => {
        if (error || folder === undefined) answer(error);
        else tryFolder(folder).then(() => answer(), answer);
      }),
    keys: (answer) => context.keys(store, answer),
  };
}

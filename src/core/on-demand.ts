import { createRequire } from 'node:module';

/** Whether this Node.js can load an ES module without a pause: 20.19, 22.12 and newer. */
const CAN_REQUIRE = process.features.require_module === true;

/** Code that is loaded when it is first needed. */
export interface OnDemand<T> {
  /** Loads it, if it is not loaded. @returns a promise only if this Node.js cannot load it without a pause */
  load(): T | Promise<T>;
  /** The code. @throws Error if this Node.js cannot load it without a pause, and `early` was not awaited */
  get(): T;
  /** Has to be awaited before `get`. Undefined if `get` can load it itself. */
  early(): Promise<void> | undefined;
}

/**
 * Code that is loaded when it is first needed. It is loaded by `require`, so that a message, or a node that is being created,
 * does not have to wait for it.
 *
 * @param from `import.meta.url` of the file that needs it
 * @param path of the module relative to that file, without the extension: sources are run as `.ts`, built code as `.js`
 * @param byImport imports the same module
 */
export function onDemand<T>(from: string, path: string, byImport: () => Promise<T>): OnDemand<T> {
  let loaded: T | undefined;
  const byRequire = (): T => {
    loaded ??= createRequire(from)(path + (from.endsWith('.ts') ? '.ts' : '.js')) as T;
    return loaded;
  };
  const later = async (): Promise<T> => {
    loaded ??= await byImport();
    return loaded;
  };
  return {
    load: () => loaded ?? (CAN_REQUIRE ? byRequire() : later()),
    get: () => loaded ?? byRequire(),
    early: () => (CAN_REQUIRE ? undefined : later().then(() => undefined)),
  };
}

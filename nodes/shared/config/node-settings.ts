import type { Node, NodeAPI } from 'node-red';
import { type AuthError, asAuthError } from '../../../src/core/errors.ts';
import type { SecretFlaw } from '../../../src/core/secret-flaw.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import { type ClientSettings, type SettingsSource, sourceOf } from '../../../src/core/settings-source.ts';
import { isPracticeForAll } from '../practice-setting.ts';
import type { SecretFlaws } from '../status.ts';
import type { ConfigNodeProperties } from './config-node-properties.ts';
import type { OutsideValue } from './outside-value.ts';
import { staleText } from './outside-values.ts';
import { PracticeReader } from './practice-reader.ts';

/** The settings of a config node, and where its server is. */
export interface ConnectionSource<S> {
  source: SettingsSource<S>;
  /** A text is the variable that gives the address, which is not known yet. */
  address: URL | string;
  /** Whether it is the practice server. */
  isPractice: boolean;
}

/**
 * The settings of a config node. They are fixed, or read from files and `vgAuthSecret` at each request for them.
 *
 * @param read reads and checks them
 * @param outside the values from files and `vgAuthSecret`
 * @param property that holds the address
 * @throws AuthError `AUTH_CONFIG` if a setting is missing or wrong that does not come from outside
 */
export function settingsOf<S extends ClientSettings>(
  RED: NodeAPI,
  node: Node,
  fields: ConfigNodeProperties,
  read: (fields: SettingsReader) => S,
  property: string,
): ConnectionSource<S> {
  if (isPracticeForAll(RED)) {
    // No file is read and no hook is called.
    const settings = read(new PracticeReader(fields));
    return { source: sourceOf<S>(settings), address: new URL(settings.tokenUrl), isPractice: true };
  }
  const { names } = fields;
  const { next, ...identity } = read(names);
  const outside = settingsFromOutside(RED, node, fields, read, {
    identity: identity as S,
    hasNext: next !== undefined,
  });
  const source = outside ?? sourceOf<S>(read(fields));
  const isPractice = fields.flag('practice');
  const isNamed = !isPractice && names.isStandIn(property);
  return { source, address: isNamed ? String(fields.written(property)) : new URL(identity.tokenUrl), isPractice };
}

/**
 * The settings of a config node, some of which come from files or `vgAuthSecret`.
 *
 * @param about `identity`: the settings with names in place of those values
 * @returns undefined if no setting comes from there
 */
export function settingsFromOutside<S extends object>(
  RED: NodeAPI,
  node: Node,
  fields: ConfigNodeProperties,
  read: (fields: SettingsReader) => S,
  { identity, hasNext }: { identity: S; hasNext: boolean },
): SettingsSource<S> | undefined {
  const values = fields.outside?.all ?? [];
  if (values.length === 0) return undefined;
  const variables = values.map(({ variable }) => variable).join(', ');
  return new NodeSettings(
    identity,
    hasNext,
    values,
    () => read(fields),
    (error) => {
      node.warn(staleText(RED, error, variables));
    },
  );
}

/** The host of an address, or the variable that gives the address. */
export function hostOf(address: URL | string): string {
  return typeof address === 'string' ? address : address.host;
}

/** The probable flaws of the secrets, as they are known at the moment of the call. */
export function flawsOf<S>(source: SettingsSource<S>, find: (settings: S) => SecretFlaws): SecretFlaws {
  const flaw = (reason: keyof SecretFlaws): SecretFlaw | undefined => source.known && find(source.known)[reason];
  return {
    get 'client-invalid'() {
      return flaw('client-invalid');
    },
    get 'credentials-invalid'() {
      return flaw('credentials-invalid');
    },
  };
}

/** Settings, some of which come from files or `vgAuthSecret`. */
class NodeSettings<S extends object> implements SettingsSource<S> {
  readonly hasNext: boolean;
  readonly #identity: S;
  readonly #values: readonly OutsideValue[];
  readonly #read: () => S;
  readonly #unusable: (error: AuthError) => void;
  #known: S | undefined;
  /** The values that were used for the last settings, even if those were invalid. */
  #readFrom: readonly (string | undefined)[] = [];

  constructor(
    identity: S,
    hasNext: boolean,
    values: readonly OutsideValue[],
    read: () => S,
    unusable: (error: AuthError) => void,
  ) {
    this.#identity = identity;
    this.hasNext = hasNext;
    this.#values = values;
    this.#read = read;
    this.#unusable = unusable;
  }

  get identity(): S {
    return this.#identity;
  }

  get known(): S | undefined {
    return this.#known;
  }

  async ask(isUrgent = false): Promise<S> {
    await Promise.all(this.#values.map((value) => value.ask(isUrgent)));
    const known = this.#known;
    const now = this.#values.map(({ value }) => value);
    if (known && now.every((value, index) => value === this.#readFrom[index])) return known;
    this.#readFrom = now;
    try {
      this.#known = this.#read();
      return this.#known;
    } catch (thrown) {
      if (!known) throw thrown;
      // A file that is being written is empty at first.
      this.#unusable(asAuthError(thrown));
      return known;
    }
  }
}

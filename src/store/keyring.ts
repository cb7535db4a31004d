import {
  type Derive,
  deriveKey,
  newMasterKey,
  openMasterKey,
  recordOfKeys,
  sealedKeysIn,
  sealMasterKey,
} from './master-key.ts';
import { Seal } from './seal.ts';

/** How often a record that others keep changing is tried. */
const MOST_TRIES = 10;

/** The passphrases of a store. */
export interface Passphrases {
  readonly encryptionKey: string;
  /** Opens a master key, too, which is then sealed under `encryptionKey` again. An empty one is none. */
  readonly previousEncryptionKey?: string;
}

/** Where the record with the master key is kept. */
export interface MasterHome {
  /**
   * Replaces the record if it is the expected one, and renews its time to live.
   *
   * @param expected an empty text stands for no record
   * @param replacement undefined only renews
   * @returns the record that is there now; an empty text if there is none
   */
  swap(expected: string, replacement?: string): Promise<string>;
}

/** What came of looking after the master key. */
export interface Settled {
  /** Another master key than before is in use: all records have other names now. */
  readonly isOther: boolean;
  /** Something in the record does not open, because somebody uses another encryption key, or it was changed. */
  readonly isStrange: boolean;
}

/** One reading of the record. */
interface Plan {
  readonly master: Buffer;
  /** What the record should be. */
  readonly record: string;
  readonly isStrange: boolean;
}

/** How a keyring is made. */
export interface KeyringOptions {
  derive?: Derive;
  /** It only looks: it writes nothing that would tell of its passphrases. */
  isTrial?: boolean;
}

/**
 * The master key of a store, as one process knows it. A store has one record with the master key, which is sealed under
 * the encryption key. If different encryption keys are in use, each has a sealed master key in that record:
 * who has a wrong one shares nothing with the others, and harms nobody.
 *
 * It remembers the master key, so it writes the record again if the store comes back empty, and takes up another master
 * key that it finds there instead. It derives keys from a passphrase only if the record is not the one that it knows.
 */
export class Keyring {
  readonly #passphrases: Passphrases;
  readonly #place: string;
  readonly #derive: Derive;
  readonly #isTrial: boolean;
  #master: Buffer | undefined;
  #seal: Seal | undefined;
  /** This process's sealed key, and the record that it is known to be good in. */
  #sealed = '';
  #record = '';
  #turn: Promise<unknown> = Promise.resolve();

  /** @param place where the record is kept: its contents open nowhere else */
  constructor(passphrases: Passphrases, place: string, { derive = deriveKey, isTrial = false }: KeyringOptions = {}) {
    this.#passphrases = passphrases;
    this.#place = place;
    this.#derive = derive;
    this.#isTrial = isTrial;
  }

  /** Hides names and contents; undefined until the master key is known. */
  get seal(): Seal | undefined {
    return this.#seal;
  }

  /** The record as it was last known to be good; empty before. */
  get record(): string {
    return this.#record;
  }

  /**
   * Makes sure that the master key is in the store, and renews its time to live.
   *
   * @throws whatever the home throws
   */
  settle(home: MasterHome): Promise<Settled> {
    const settled = this.#turn.then(() => this.#settle(home));
    this.#turn = settled.catch(() => undefined);
    return settled;
  }

  async #settle(home: MasterHome): Promise<Settled> {
    let found = await home.swap(this.#record);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (found !== '' && found === this.#record) return { isOther: false, isStrange: false };
      const plan = await this.#read(found);
      const there = plan.record === found || this.#isTrial ? plan.record : await home.swap(found, plan.record);
      if (there === plan.record) return this.#adopt(plan);
      found = there;
    }
    throw new Error('the master key does not come to rest');
  }

  /** Finds out which master key is the right one, and what its record should be. */
  async #read(found: string): Promise<Plan> {
    const keys = sealedKeysIn(found);
    const { encryptionKey, previousEncryptionKey = '' } = this.#passphrases;
    const current = await this.#find(keys, encryptionKey);
    const rest = keys.filter((key) => key !== current?.sealed);
    const previous = previousEncryptionKey === '' ? undefined : await this.#find(rest, previousEncryptionKey);
    const mine = current ?? previous;
    if (!mine) return this.#begin(found, keys);
    const others = rest.filter((key) => key !== previous?.sealed);
    const isStrange = others.length > 0;
    // Only who begins replaces what another replica wrote: during a rotation they would else do so in turn.
    const isKnown = this.#master?.equals(mine.master) === true;
    if (isKnown || (current && !previous)) return { master: mine.master, record: found, isStrange };
    const sealed = current?.sealed ?? (await this.#sealUnder(encryptionKey, mine.master));
    return { master: mine.master, record: recordOfKeys([sealed, ...others]), isStrange };
  }

  /** No key of the record opens: the one that is known, or else a new one, goes there. */
  async #begin(found: string, keys: string[]): Promise<Plan> {
    const master = this.#master ?? newMasterKey();
    this.#sealed ||= await this.#sealUnder(this.#passphrases.encryptionKey, master);
    // Kept even if it is not the one in the end: nothing is wrong with it, and sealing costs time.
    this.#master ??= master;
    return { master, record: recordOfKeys([this.#sealed, ...keys]), isStrange: found !== '' };
  }

  async #find(keys: string[], passphrase: string): Promise<{ sealed: string; master: Buffer } | undefined> {
    for (const sealed of keys) {
      const master = await openMasterKey(sealed, passphrase, this.#place, this.#derive);
      if (master) return { sealed, master };
    }
    return undefined;
  }

  #sealUnder(passphrase: string, master: Buffer): Promise<string> {
    return sealMasterKey(master, passphrase, this.#place, this.#derive);
  }

  #adopt({ master, record, isStrange }: Plan): Settled {
    const isOther = !this.#seal || this.#master?.equals(master) !== true;
    if (!this.#master?.equals(master)) this.#sealed = '';
    this.#master = master;
    this.#record = record;
    if (isOther) this.#seal = new Seal(master);
    return { isOther, isStrange };
  }
}

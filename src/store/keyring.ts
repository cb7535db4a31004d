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

/** How many times a record is read again if others change it meanwhile. */
const MOST_TRIES = 10;

/** The passphrases of a store. */
export interface Passphrases {
  readonly encryptionKey: string;
  /** Opens a master key, too, which is then sealed under `encryptionKey` again. Empty if there is none. */
  readonly previousEncryptionKey?: string;
}

/** The place of the record with the master key. */
export interface MasterHome {
  /**
   * Replaces the record if it is the expected one, and renews its time to live.
   *
   * @param expected an empty text for no record
   * @param replacement undefined only renews
   * @returns the record that is there now; an empty text if there is none
   */
  swap(expected: string, replacement?: string): Promise<string>;
}

/** The result of a check of the master key. */
export interface Settled {
  /** Whether another master key than before is in use. All records then have other names. */
  readonly isOther: boolean;
  /** Whether a key in the record cannot be opened, because somebody uses another encryption key, or it was changed. */
  readonly isStrange: boolean;
}

/** One reading of the record. */
interface Plan {
  readonly master: Buffer;
  /** The record as it should be. */
  readonly record: string;
  readonly isStrange: boolean;
}

/** Options of a keyring. */
export interface KeyringOptions {
  derive?: Derive;
  /** Whether it only tests: it writes nothing that depends on its passphrases. */
  isTrial?: boolean;
}

/**
 * The master key of a store in one process. A store has one record with the master key, which is sealed under
 * the encryption key. If different encryption keys are in use, each has a sealed master key in that record:
 * a process with a wrong one shares nothing with the others, and does not affect them.
 *
 * The keyring remembers the master key, so it writes the record again if the store comes back empty, and adopts another master
 * key that it finds there instead. It derives keys from a passphrase only if the record is not the one that it has read.
 */
export class Keyring {
  readonly #passphrases: Passphrases;
  readonly #place: string;
  readonly #derive: Derive;
  readonly #isTrial: boolean;
  #master: Buffer | undefined;
  #seal: Seal | undefined;
  /** This process's sealed key, and the record in which it is known to be valid. */
  #sealed = '';
  #record = '';
  #turn: Promise<unknown> = Promise.resolve();

  /** @param place of the record: its contents cannot be opened elsewhere */
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

  /** The last record that is known to be valid; empty before. */
  get record(): string {
    return this.#record;
  }

  /**
   * Makes sure that the master key is in the store, and renews its time to live.
   *
   * @throws the error of the home
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

  /** Decides which master key is the right one, and what its record should be. */
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
    // Only a process that starts replaces another one's record. Otherwise two would replace each other's in a rotation.
    const isKnown = this.#master?.equals(mine.master) === true;
    if (isKnown || (current && !previous)) return { master: mine.master, record: found, isStrange };
    const sealed = current?.sealed ?? (await this.#sealUnder(encryptionKey, mine.master));
    return { master: mine.master, record: recordOfKeys([sealed, ...others]), isStrange };
  }

  /** No key of the record can be opened. The known master key, or a new one, is added. */
  async #begin(found: string, keys: string[]): Promise<Plan> {
    const master = this.#master ?? newMasterKey();
    this.#sealed ||= await this.#sealUnder(this.#passphrases.encryptionKey, master);
    // Kept even if another one is used in the end, because it is valid, and sealing costs time.
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

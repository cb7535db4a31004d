import { createHash } from 'node:crypto';
import { asAmount, asShape, VERSION } from '../../store/shape.ts';
import { recordOf, SharedRecord } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { System } from '../../system.ts';
import { DELIVERY_PAUSE, type Guard, type Guarding, REFUSED_PASSWORD_PAUSE } from './guard.ts';

/** How long something is still held back, in ms. */
interface Left {
  left: number;
}

/**
 * A guard that replicas share: what one of them was refused or has sent counts for all. Each keeps in memory what it knows,
 * so that the guard holds without the store, too, though not over the replicas.
 */
export class SharedGuard implements Guarding {
  readonly #own: Guard;
  readonly #store: Store;
  readonly #about: { system: System; host: string };

  constructor(own: Guard, store: Store, about: { system: System; host: string }) {
    this.#own = own;
    this.#store = store;
    this.#about = about;
  }

  heldUntil(user: string, password: string): number | undefined {
    return this.#own.heldUntil(user, password);
  }

  async refuse(user: string, password: string): Promise<void> {
    this.#own.refuse(user, password);
    await this.#put(nameOfRefusal(user, password), REFUSED_PASSWORD_PAUSE);
  }

  async release(user: string, password: string): Promise<void> {
    this.#own.release(user, password);
    await this.#store.remove(nameOfRefusal(user, password), 0);
  }

  /** One after another over all replicas; who comes after a refusal knows of it. */
  inTurn<T>(user: string, password: string, run: () => Promise<T>): Promise<T> {
    return this.#own.inTurn(user, password, () =>
      this.#inTurn(nameOfRefusal(user, password), async () => {
        const left = await this.#left(nameOfRefusal(user, password));
        if (left !== undefined) this.#own.refuse(user, password, left);
        return run();
      }),
    );
  }

  async deliveryHeldUntil(user: string): Promise<number | undefined> {
    const known = this.#own.deliveryHeldUntil(user);
    if (known !== undefined) return known;
    const left = await this.#left(nameOfDelivery(user));
    if (left !== undefined) this.#own.deliver(user, left);
    return this.#own.deliveryHeldUntil(user);
  }

  async claimDelivery(user: string): Promise<number | undefined> {
    const name = nameOfDelivery(user);
    return (
      this.#own.deliveryHeldUntil(user) ??
      this.#inTurn(name, async () => {
        const heldUntil = await this.deliveryHeldUntil(user);
        if (heldUntil === undefined) await this.deliver(user);
        return heldUntil;
      })
    );
  }

  async deliver(user: string): Promise<void> {
    this.#own.deliver(user);
    await this.#put(nameOfDelivery(user), DELIVERY_PAUSE);
  }

  async undeliver(user: string): Promise<void> {
    this.#own.undeliver(user);
    await this.#store.remove(nameOfDelivery(user), 0);
  }

  #inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
    const turn = new SharedRecord<object>(this.#store, `turn ${name}`, () => undefined, this.#about);
    // The result may be undefined, so it is put into something.
    return turn
      .inTurn({ adopt: () => undefined, act: async () => ({ result: await act() }), mayGoAlone: () => true })
      .then(({ result }) => result);
  }

  async #put(name: string, left: number): Promise<void> {
    await this.#store.put(name, { version: VERSION, left }, { life: left, fence: 0 });
  }

  async #left(name: string): Promise<number | undefined> {
    const record = new SharedRecord<Left>(this.#store, name, readLeft, this.#about);
    const found = await record.read().catch(() => undefined);
    return recordOf(found)?.left;
  }
}

function readLeft(value: unknown, age: number): Left | undefined {
  const left = asAmount(asShape(value)?.left);
  // No pause is longer than the longest that is written here.
  if (left === undefined || left > REFUSED_PASSWORD_PAUSE || left <= age) return undefined;
  return { left: left - age };
}

/** A store hides names, so nobody can try passwords against this. */
function nameOfRefusal(user: string, password: string): string {
  const digest = createHash('sha256').update(`${user.length}:${user}${password}`).digest('base64url');
  return `refused ${digest}`;
}

function nameOfDelivery(user: string): string {
  return `delivered ${user}`;
}

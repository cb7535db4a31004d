import { OWN_REASONS, type Reason, VISUAL_GUARD_REASONS } from '../../reasons.ts';
import { asAmount, asObject, asShape, asText, asWord, VERSION } from '../../store/shape.ts';
import { recordOf, SharedRecord } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { System } from '../../system.ts';
import type { Refused } from '../outcome.ts';
import { readState } from '../session/record.ts';

/** Why the stored user is not signed in by itself for a while, as replicas tell each other. */
export interface Hold {
  /** Undefined where a challenge was set that a person has to answer. */
  refused: Refused | undefined;
  /** How long it lasts, in ms. */
  left: number;
}

/** Where replicas tell each other of an automatic sign-in that did not succeed. Without the store nothing is told. */
export interface SharedHold {
  read(): Promise<Hold | undefined>;
  write(hold: Hold): Promise<void>;
  release(): Promise<void>;
}

/** No hold is longer than this, in ms. */
const LONGEST = 3_600_000;

/** What is told under this name. */
export function sharedHold(store: Store, name: string, about: { system: System; host: string }): SharedHold {
  return {
    read: async () => {
      const record = new SharedRecord<Hold>(store, name, readHold, about);
      return recordOf(await record.read().catch(() => undefined));
    },
    write: async ({ refused, left }) => {
      await store.put(name, { version: VERSION, refused: refused ?? null, left }, { life: left, fence: 0 });
    },
    release: async () => {
      await store.remove(name, 0);
    },
  };
}

function readHold(value: unknown, age: number): Hold | undefined {
  const shape = asShape(value);
  const left = asAmount(shape?.left);
  if (left === undefined || left > LONGEST || left <= age) return undefined;
  if (shape?.refused === null) return { refused: undefined, left: left - age };
  const refused = readRefused(shape?.refused);
  return refused && { refused, left: left - age };
}

function readRefused(value: unknown): Refused | undefined {
  const shape = asObject(value);
  const reason = asWord<Reason>(shape?.reason, [...VISUAL_GUARD_REASONS, ...OWN_REASONS]);
  if (!reason) return undefined;
  const [user, error, enrollmentUrl] = [asText(shape?.user), asText(shape?.error), asText(shape?.enrollmentUrl)];
  const status = asObject(shape?.status);
  const authentication = readState(status?.authentication);
  const authorization = readState(status?.authorization);
  return {
    state: 'refused',
    reason,
    ...(user ? { user } : {}),
    ...(error ? { error } : {}),
    ...(enrollmentUrl ? { enrollmentUrl } : {}),
    ...(authentication && authorization ? { status: { authentication, authorization } } : {}),
  };
}

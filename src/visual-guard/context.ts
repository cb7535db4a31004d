import type { Meter } from '../meter.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { System } from '../system.ts';
import type { VisualGuardWire } from './dialect/wire.ts';
import type { Guard } from './sign-in/guard.ts';
import type { WrongCodes } from './sign-in/wrong-codes.ts';

/** What all parts of a Visual Guard server have in common. */
export interface ServerContext {
  readonly wire: VisualGuardWire;
  readonly system: System;
  readonly meter: Meter;
  readonly guard: Guard;
  /** The guesses of each user, over all challenges. */
  readonly wrongCodes: WrongCodes;
  /** How its replicas agree, or its parts if there is one process. */
  readonly coordinator: Coordinator;
  /** What the connection is known by in a store: the same for all replicas. */
  readonly connection: string;
}

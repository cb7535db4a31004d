import type { Meter } from '../meter.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { System } from '../system.ts';
import type { VisualGuardWire } from './dialect/wire.ts';

/** What a connection to a Visual Guard server is made of. */
export interface ConnectionContext {
  readonly wire: VisualGuardWire;
  readonly system: System;
  readonly meter: Meter;
  /** How its replicas agree, or its parts if there is one process. */
  readonly coordinator: Coordinator;
  /** What the connection is known by in a store: the same for all replicas. */
  readonly connection: string;
}

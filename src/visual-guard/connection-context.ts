import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../oauth/metrics.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { VisualGuardWire } from './dialect/wire.ts';

/** What a connection to a Visual Guard server is made of. */
export interface ConnectionContext {
  readonly wire: VisualGuardWire;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** How its replicas agree, or its parts if there is one process. */
  readonly coordinator: Coordinator;
  /** What the connection is known by in a store: the same for all replicas. */
  readonly connection: string;
}

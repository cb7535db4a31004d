import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../oauth/metrics.ts';
import type { Coordinator } from '../store/coordinator.ts';
import type { VisualGuardWire } from './dialect/wire.ts';

/** The parts of a connection to a Visual Guard server. */
export interface ConnectionContext {
  readonly wire: VisualGuardWire;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Coordinates its replicas, or the parts of this process. */
  readonly coordinator: Coordinator;
  /** The digest of the connection, which is the same at all replicas. */
  readonly connection: string;
}

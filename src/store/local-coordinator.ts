import type { Cancel, Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import {
  type Coordinator,
  type Found,
  type Lock,
  nameOf,
  type RecordKind,
  type RecordLock,
  type SharedRecord,
  type Update,
} from './coordinator.ts';
import { NamedQueues } from './queue.ts';

/** Nobody else changes a record of this process. */
const NOT_WATCHED: Cancel = () => undefined;

/**
 * Coordinates within this process: a queue for each name, and records by reference. Each record is kept by the object that uses it,
 * for as long as that lives.
 */
export class LocalCoordinator implements Coordinator {
  readonly isDurable = false;
  readonly isCutOff = false;
  readonly restored = new Listeners<void>();
  readonly #queues: NamedQueues;

  constructor(clock: Clock) {
    this.#queues = new NamedQueues(clock);
  }

  exclusive<R>(name: string, host: string, run: (lock: Lock) => Promise<R>): Promise<R> {
    return this.#queues.run(name, host, () => run(localLock()));
  }

  record<T extends object>(kind: RecordKind<T>, id: string): SharedRecord<T> {
    return new LocalRecord(this.#queues, kind, id);
  }
}

/** A lock that nobody can lose. */
function localLock(): Lock {
  return { signal: new AbortController().signal, isCutOff: false };
}

/** As small as possible, because there is one for each session. */
class LocalRecord<T extends object> implements SharedRecord<T> {
  readonly #queues: NamedQueues;
  readonly #kind: RecordKind<T>;
  readonly #id: string;
  #found: T | 'ended' | undefined;

  constructor(queues: NamedQueues, kind: RecordKind<T>, id: string) {
    this.#queues = queues;
    this.#kind = kind;
    this.#id = id;
  }

  async read(): Promise<Found<T>> {
    return this.#found;
  }

  async write(content: T): Promise<void> {
    this.#found = content;
  }

  async end(): Promise<void> {
    this.#found = 'ended';
  }

  update<R>({ settle, run }: Update<T, R>): Promise<R> {
    return this.#queues.run(nameOf(this.#kind, this.#id), this.#kind.host, async () => {
      const settled = await settle?.(this.#found);
      return settled === undefined ? run(this.#found, this.#lock()) : settled;
    });
  }

  watch(): Cancel {
    return NOT_WATCHED;
  }

  #lock(): RecordLock<T> {
    return {
      ...localLock(),
      read: () => this.read(),
      write: (content) => {
        this.#found = content;
      },
      end: () => {
        this.#found = 'ended';
      },
      writeAlso: ({ record, content }) => void record.write(content),
    };
  }
}

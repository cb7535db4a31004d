import type { NodeAPI } from 'node-red';
import { engineOf } from '../runtime.ts';
import { needsOf } from './needs.ts';

/**
 * The message to an editor: the number of the newest change and nothing else, because it reaches every user of the editor.
 * An editor whose tab is closed ignores `revision`: if it requested the accounts then, all editors would be notified for longer.
 */
const TOPICS = { revision: 'vg-auth/revision', need: 'vg-auth/need' } as const;

/** Between two publications, in ms. */
const PAUSE = 500;

/** An editor shows the tab if the accounts were requested in this time, in ms. */
const WATCHED = 60_000;

/** Node-RED's own channel to the editors. It is not in the published types, and absent if there is no editor. */
type Comms = { publish?: (topic: string, data: unknown, retain?: boolean) => void };

/** Node-RED's messages to the editors about its state. */
interface RuntimeEvent {
  id: string;
  payload?: { state?: string; deploy?: boolean };
}

/**
 * Whether no node will start after nodes were stopped: a deploy is done, even one that starts no node because a type is
 * missing; or the flows were stopped without a deploy. Between the stop and the start of a deploy, Node-RED cleans the
 * context and installs modules, which can take any time.
 */
function isEndOfStop({ id, payload }: RuntimeEvent): boolean {
  return id === 'runtime-deploy' || (id === 'runtime-state' && payload?.state === 'stop' && !payload.deploy);
}

const revisions = new WeakMap<object, Revision>();

/** The revision of this Node-RED. */
export function revisionOf(RED: NodeAPI): Revision {
  const revision = revisions.get(RED.events) ?? new Revision(RED);
  revisions.set(RED.events, revision);
  return revision;
}

/** Counts the changes that the tab Sign-ins shows, and notifies editors of them. */
export class Revision {
  readonly #RED: NodeAPI;
  #number = 1;
  #published = 1;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** The last known list of everything that needs a human, and whether it may have changed. */
  #needs = '';
  #isNeedDue = false;
  /** Whether a deploy is stopping or starting nodes: until it is done, they seem to need nothing. */
  #isDeploying = false;
  /** The interval between messages to the editors, which has nothing to do with the time of tokens. */
  #pause: NodeJS.Timeout | undefined;

  constructor(RED: NodeAPI) {
    this.#RED = RED;
    for (const event of ['flows:stopping', 'flows:starting']) {
      RED.events.on(event, () => {
        this.#isDeploying = true;
      });
    }
    RED.events.on('flows:started', () => this.#deployed());
    RED.events.on('runtime-event', (event: RuntimeEvent) => {
      if (isEndOfStop(event)) this.#deployed();
    });
  }

  get number(): number {
    return this.#number;
  }

  /** The accounts were requested. */
  asked(): void {
    this.#askedAt = engineOf(this.#RED).clock.now();
  }

  /** Data that the tab shows has changed. This must be fast, because it is called for each change of each account. */
  changed(): void {
    this.#number += 1;
    if (this.#isWatched) this.#schedule();
  }

  /**
   * The list of what needs a human may have changed. If so, the badge of every editor changes, even if its tab is closed.
   * Changes during a deploy are published when it is done.
   */
  needChanged(): void {
    this.#number += 1;
    this.#isNeedDue = true;
    this.#schedule();
  }

  /** All nodes that will run exist. */
  #deployed(): void {
    this.#isDeploying = false;
    this.needChanged();
  }

  get #isWatched(): boolean {
    return engineOf(this.#RED).clock.now() - this.#askedAt <= WATCHED;
  }

  #schedule(): void {
    this.#pause ??= setTimeout(() => this.#publish(), PAUSE).unref();
  }

  #publish(): void {
    this.#pause = undefined;
    // The end of the deploy checks again.
    if (this.#isDeploying) return;
    const needs = this.#isNeedDue ? needsOf(this.#RED) : this.#needs;
    const isOther = needs !== this.#needs;
    this.#needs = needs;
    this.#isNeedDue = false;
    if (this.#published === this.#number || !(isOther || this.#isWatched)) return;
    this.#published = this.#number;
    const comms = (this.#RED as unknown as { comms?: Comms }).comms;
    comms?.publish?.(isOther ? TOPICS.need : TOPICS.revision, { revision: this.#number });
  }
}

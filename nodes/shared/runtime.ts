import type { NodeAPI } from 'node-red';
import { Engine, MOST_SESSIONS } from '../../src/engine.ts';
import { tellNodeRedUrl } from './node-red-url.ts';

/** The engine of each Node-RED in this process, by its event bus: every node file gets a `RED` object of its own. */
const engines = new WeakMap<object, Engine>();

/** Where the practice server listens, for flows that call its API or read its inbox. */
export const PRACTICE_URL_VARIABLE = 'VG_AUTH_PRACTICE_URL';

/**
 * The engine of this Node-RED, made at the first call. It keeps tokens, sessions and challenges over deploys,
 * and drops what no config node holds any more when the flows have started.
 */
export function engineOf(RED: NodeAPI): Engine {
  let engine = engines.get(RED.events);
  if (!engine) {
    const made = new Engine(readMaxSessions(RED.settings));
    RED.events.on('flows:started', () => made.sweep());
    engines.set(RED.events, made);
    tellNodeRedUrl(RED.settings);
    engine = made;
  }
  return engine;
}

/** The bound on sessions and challenges: `vgAuthMaxSessions` in settings.js. */
function readMaxSessions(settings: object): number {
  const max = Number((settings as { vgAuthMaxSessions?: unknown }).vgAuthMaxSessions);
  return Number.isSafeInteger(max) && max > 0 ? max : MOST_SESSIONS;
}

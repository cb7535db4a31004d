import type { NodeAPI } from 'node-red';
import { Engine, MOST_SESSIONS } from '../../src/engine/engine.ts';
import { LARGEST_MOST_WRONG_CODES, MOST_WRONG_CODES } from '../../src/visual-guard/sign-in/wrong-codes.ts';
import { CATALOGUE } from './catalogue.ts';
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
    const maxSessions = readLimit(RED, 'vgAuthMaxSessions', MOST_SESSIONS);
    const maxWrongCodes = readLimit(RED, 'vgAuthMaxWrongCodes', MOST_WRONG_CODES);
    const made = new Engine(maxSessions, undefined, Math.min(maxWrongCodes, LARGEST_MOST_WRONG_CODES));
    RED.events.on('flows:started', () => made.sweep());
    engines.set(RED.events, made);
    tellNodeRedUrl(RED.settings);
    engine = made;
  }
  return engine;
}

/**
 * A limit that settings.js may change: a whole number from 1 on, or the digits of one. Anything else is not used,
 * and one warning says so when the flows start: before that there are no texts.
 */
function readLimit(RED: NodeAPI, setting: string, usual: number): number {
  const value = (RED.settings as unknown as Record<string, unknown>)[setting];
  if (value === undefined) return usual;
  const limit = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0) return limit;
  const key = 'settings.limit-invalid';
  RED.events.once('flows:started', () => RED.log.warn(RED._(CATALOGUE + key, { setting, usual: String(usual) })));
  return usual;
}

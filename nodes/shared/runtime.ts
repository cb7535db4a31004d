import type { NodeAPI } from 'node-red';
import { Engine, MOST_SESSIONS } from '../../src/engine/engine.ts';
import { LARGEST_MOST_WRONG_CODES, MOST_WRONG_CODES } from '../../src/visual-guard/sign-in/wrong-codes.ts';
import { textOf } from './catalogue.ts';
import { reportPracticeSetting } from './practice-setting.ts';

/** The engine of each Node-RED in this process, by its event bus: every node file gets a `RED` object of its own. */
const engines = new WeakMap<object, Engine>();

/** The variable with the address of the practice server, for flows that call its API or read its inbox. */
export const PRACTICE_URL_VARIABLE = 'VG_AUTH_PRACTICE_URL';

/**
 * The engine of this Node-RED, created at the first call. It keeps tokens, sessions and challenges over deploys. When the
 * flows have started, it drops what no config node uses, and loads what the first request needs.
 */
export function engineOf(RED: NodeAPI): Engine {
  let engine = engines.get(RED.events);
  if (!engine) {
    const maxSessions = readLimit(RED, 'vgAuthMaxSessions', MOST_SESSIONS);
    const maxWrongCodes = readLimit(RED, 'vgAuthMaxWrongCodes', MOST_WRONG_CODES);
    const made = new Engine(maxSessions, undefined, Math.min(maxWrongCodes, LARGEST_MOST_WRONG_CODES));
    RED.events.on('flows:started', () => {
      made.sweep();
      made.prepare();
    });
    engines.set(RED.events, made);
    reportPracticeSetting(RED);
    engine = made;
  }
  return engine;
}

/**
 * A limit in settings.js: a whole number of at least 1, or its digits. Anything else counts as not set, and one warning
 * says so when the flows have started, because the catalogs are not loaded before.
 *
 * @param usual the limit if it is not set
 */
function readLimit(RED: NodeAPI, setting: string, usual: number): number {
  const value = (RED.settings as unknown as Record<string, unknown>)[setting];
  if (value === undefined) return usual;
  const limit = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0) return limit;
  const key = 'settings.limit-invalid';
  RED.events.once('flows:started', () => RED.log.warn(textOf(RED, key, { setting, usual })));
  return usual;
}

import type { NodeAPI } from 'node-red';
import { CATALOGUE } from './catalogue.ts';

/** The setting in settings.js that makes every config node use the practice server. */
const SETTING = 'vgAuthPractice';

/** Whether every config node uses the practice server, whatever its own settings are: `vgAuthPractice` in settings.js. */
export function isPracticeForAll(RED: NodeAPI): boolean {
  const value = settingOf(RED);
  return value === true || value === 'true';
}

/**
 * Logs once, when the flows have started, that the practice server is used for everything, or that the setting
 * is neither true nor false and has no effect.
 */
export function reportPracticeSetting(RED: NodeAPI): void {
  const value = settingOf(RED);
  if ([undefined, null, false, 'false', ''].includes(value as string)) return;
  const key = isPracticeForAll(RED) ? 'settings.practice-on' : 'settings.practice-invalid';
  RED.events.once('flows:started', () => RED.log.warn(RED._(CATALOGUE + key)));
}

function settingOf(RED: NodeAPI): unknown {
  return (RED.settings as unknown as Record<string, unknown>)[SETTING];
}

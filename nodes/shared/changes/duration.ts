import type { NodeAPI } from 'node-red';
import { textOf } from '../catalogue.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A length of time in words, in its largest whole unit: "40 s", "12 min", "3 h". @param ms in ms */
export function durationText(RED: NodeAPI, ms: number): string {
  const [unit, length] = ms < MINUTE ? ['seconds', 1_000] : ms < HOUR ? ['minutes', MINUTE] : ['hours', HOUR];
  const key = `test.${unit}`;
  return textOf(RED, key, { count: Math.max(1, Math.round(ms / (length as number))) });
}

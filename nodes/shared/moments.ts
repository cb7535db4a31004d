import type { NodeAPI } from 'node-red';
import { localeOf, textOf } from './catalogue.ts';

const DAY = 86_400_000;

/** The keys of a text that names a moment: with `__time__` for a time of day, with `__date__` for a date. */
export type MomentKeys = readonly [withTime: string, withDate: string];

/**
 * A text that names a moment: by its hour and minute, as 14:32, or by its date in the format of the language if it is more
 * than a day away.
 *
 * @param at the moment, in ms since 1970
 * @param now the time now, in ms since 1970
 */
export function momentText(RED: NodeAPI, [withTime, withDate]: MomentKeys, at: number, now: number): string {
  const moment = new Date(at);
  if (Math.abs(at - now) < DAY) return textOf(RED, withTime, { time: timeOfDay(moment) });
  return textOf(RED, withDate, { date: moment.toLocaleDateString(localeOf(RED), { dateStyle: 'medium' }) });
}

function timeOfDay(moment: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

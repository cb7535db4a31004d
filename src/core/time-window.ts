/** A time in which something is not done again. Both limits are in ms since 1970. */
export interface TimeWindow {
  readonly since: number;
  readonly until: number;
}

/** A time window that begins now. @param ms its length */
export function timeWindow(now: number, ms: number): TimeWindow {
  return { since: now, until: now + ms };
}

/** Whether a time is in the window. If the clock was set back to before the window, it is not: the window would last for hours. */
export function isWithin(pause: TimeWindow | undefined, now: number): pause is TimeWindow {
  return pause !== undefined && now >= pause.since && now < pause.until;
}

/** A time in which something is not done again. Both ends are in ms since 1970. */
export interface TimeWindow {
  readonly since: number;
  readonly until: number;
}

/** A pause of so many ms from now on. */
export function timeWindow(now: number, ms: number): TimeWindow {
  return { since: now, until: now + ms };
}

/** Whether a pause lasts. A clock that was set back to before its beginning ends it: else it would last for hours. */
export function isWithin(pause: TimeWindow | undefined, now: number): pause is TimeWindow {
  return pause !== undefined && now >= pause.since && now < pause.until;
}

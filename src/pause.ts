/** A time in which something is not done again. Both ends are in ms since 1970. */
export interface Pause {
  readonly since: number;
  readonly until: number;
}

/** A pause of so many ms from now on. */
export function pauseFrom(now: number, ms: number): Pause {
  return { since: now, until: now + ms };
}

/** Whether a pause lasts. A clock that was set back to before its beginning ends it: else it would last for hours. */
export function lasts(pause: Pause | undefined, now: number): pause is Pause {
  return pause !== undefined && now >= pause.since && now < pause.until;
}

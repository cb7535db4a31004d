/** One line of the table. */
export interface Row {
  what: string;
  figure: string;
  /** From the first to the third quartile of the rounds; empty if there is only one value. */
  spread?: string;
  aim?: string;
  /** Undefined if there is no aim. */
  met?: boolean;
}

/** A measurement: its name on the command line, and its function. */
export interface Measurement {
  name: string;
  /** @param rounds how many interleaved rounds, at least */
  run(rounds: number): Promise<Row[]>;
}

/** The processor time of this process, in ms, without that of other programs. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Median and quartiles. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    const above = sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * Runs the candidates in turn, in the reverse order in every other round, so that the load of the machine affects all
 * equally.
 *
 * @param candidates each does its work once and returns its cost
 * @param warmUp rounds before the first that counts
 * @returns the cost of each in each round
 */
export async function interleave(
  rounds: number,
  candidates: readonly (() => number | Promise<number>)[],
  warmUp = 3,
): Promise<number[][]> {
  const taken: number[][] = candidates.map(() => []);
  for (let round = -warmUp; round < rounds; round += 1) {
    // Not before each candidate: a full collection also discards compiled code.
    if (round % 50 === 0) global.gc?.();
    const order = [...candidates.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const index of order) {
      const took = await candidates[index]?.();
      if (round >= 0) taken[index]?.push(took ?? Number.NaN);
    }
  }
  return taken;
}

/** The ratio of the first to the second, for each round. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? Number.NaN));
}

/** A line for a ratio that has an aim. */
export function ratioRow(what: string, ours: readonly number[], theirs: readonly number[], most?: number): Row {
  const { median, low, high } = spreadOf(ratios(ours, theirs));
  return {
    what,
    figure: `${median.toFixed(3)} times`,
    spread: `${low.toFixed(3)} to ${high.toFixed(3)}`,
    ...(most === undefined ? {} : { aim: `at most ${most}`, met: median <= most }),
  };
}

/** A line for a time or a size. */
export function plainRow(what: string, values: readonly number[], unit: string, digits = 1): Row {
  const { median, low, high } = spreadOf(values);
  return {
    what,
    figure: `${median.toFixed(digits)} ${unit}`,
    spread: `${low.toFixed(digits)} to ${high.toFixed(digits)}`,
  };
}

/** A line for a number that must be exactly this. */
export function countRow(what: string, values: readonly number[], wanted: number): Row {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    what,
    figure: least === most ? String(least) : `${least} to ${most}`,
    aim: String(wanted),
    met: least === wanted && most === wanted,
  };
}

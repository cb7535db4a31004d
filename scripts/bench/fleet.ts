import { ReplyObject, VgsAccount } from './built.ts';
import type { Measurement, Row } from './measure.ts';
import { SimulatedTime, STEP } from './simulated-time.ts';

const ACCOUNTS = 10_000;
const LIFE = 300;
const ANSWER = 50;
/** Each account gets one message in this time, in ms. */
const PACE = 1_000;
const MINUTE = 60_000;
/** The longest pause between two tries of an account, in ms. */
const LONGEST_PAUSE = 30_000;

type Account = InstanceType<typeof VgsAccount>;

/** Many accounts, each as if in a process of its own, and the one server for all their requests. */
class Fleet {
  readonly time = new SimulatedTime();
  isDown = false;
  /** Token requests in each second. */
  readonly #requests = new Map<number, number>();
  readonly #accounts: (Account | undefined)[] = new Array(ACCOUNTS).fill(undefined);
  /** When each account gets its messages: the accounts are spread over the steps of `PACE`. */
  readonly #phases: number[][] = Array.from({ length: PACE / STEP }, () => []);

  constructor() {
    for (let index = 0; index < ACCOUNTS; index += 1)
      this.#phases[Math.floor(this.time.random() * this.#phases.length)]?.push(index);
  }

  /** Starts every account without a token. */
  restart(): void {
    for (let index = 0; index < ACCOUNTS; index += 1) this.#start(index);
  }

  /** Starts the accounts one after the other over this time, like a fleet that grew. */
  async startOver(ms: number): Promise<void> {
    const share = ACCOUNTS / (ms / STEP);
    let started = 0;
    await this.#run(ms, (step) => {
      for (; started < Math.min(ACCOUNTS, (step + 1) * share); started += 1) this.#start(started);
    });
  }

  /** @returns the highest rate of requests in any second of this time, and the mean one */
  async watch(ms: number): Promise<{ highest: number; mean: number }> {
    const begun = Math.floor(this.time.now() / 1000);
    await this.#run(ms);
    const rates = Array.from({ length: ms / 1000 }, (_, second) => this.#requests.get(begun + second) ?? 0);
    return { highest: Math.max(...rates), mean: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
  }

  #run(ms: number, before: (step: number) => void = () => undefined): Promise<void> {
    let step = 0;
    return this.time.run(ms, () => {
      before(step++);
      const phase = (this.time.now() / STEP) % this.#phases.length;
      for (const index of this.#phases[phase] ?? []) {
        const account = this.#accounts[index];
        if (account && !account.source.current()) void account.ask();
      }
    });
  }

  #start(index: number): void {
    const settings = {
      tokenUrl: 'https://simulated/',
      clientId: `${index}`,
      clientSecret: 'b',
      scope: '',
      clientAuth: 'body',
    } as const;
    const transport = { host: 'simulated', close: () => undefined, send: () => this.#answer() };
    this.#accounts[index] = new VgsAccount(settings, transport, this.time);
  }

  async #answer(): ReturnType<Account['transport']['send']> {
    const { time } = this;
    const sentAt = time.now();
    const second = Math.floor(sentAt / 1000);
    this.#requests.set(second, (this.#requests.get(second) ?? 0) + 1);
    await new Promise<void>((done) => time.after(ANSWER, done));
    const reply = { contentType: 'application/json', empty: false, retryAfter: undefined, sentAt };
    return this.isDown
      ? { ...reply, status: 503, body: undefined }
      : { ...reply, status: 200, body: ReplyObject.of({ access_token: 'token', expires_in: LIFE }) };
  }
}

/** 10,000 accounts with a message a second each: the load on one server after an outage of the server, and of the accounts. */
export const fleet: Measurement = {
  name: 'fleet',
  async run(): Promise<Row[]> {
    const all = new Fleet();
    await all.startOver(5 * MINUTE);
    await all.watch(10 * MINUTE);
    const steady = await all.watch(10 * MINUTE);
    all.isDown = true;
    const outage = await all.watch(5 * MINUTE);
    all.isDown = false;
    const recovery = await all.watch(MINUTE);
    const wave = await all.watch(9 * MINUTE);
    all.restart();
    const restart = await all.watch(MINUTE);
    const renewal = await all.watch(9 * MINUTE);
    all.isDown = true;
    all.restart();
    const deaf = await all.watch(MINUTE);
    const still = await all.watch(4 * MINUTE);
    all.isDown = false;
    const back = await all.watch(MINUTE);
    const times = (rate: number): string => `${(rate / steady.mean).toFixed(1)} times`;
    const row = (what: string, { highest, mean }: { highest: number; mean: number }): Row => ({
      what,
      figure: times(mean),
      spread: `${times(highest)} in the worst second`,
    });
    // No message waits longer than the outage and this pause: so each account asks once in it, and cannot ask less often.
    const least = ACCOUNTS / (LONGEST_PAUSE / 1000);
    return [
      {
        what: 'fleet of 10,000 accounts, tokens of 300 s: steady token requests a second',
        figure: steady.mean.toFixed(0),
        spread: `${steady.highest} in the worst second`,
      },
      row('  5 minutes of outage / steady', outage),
      row('  the minute after it / steady', recovery),
      row('  the 9 minutes after that / steady', wave),
      row('  restart of everything, the first minute / steady', restart),
      row('  the 9 minutes after that / steady', renewal),
      row('  restart of everything in an outage, the first minute / steady', deaf),
      {
        ...row('  the 4 minutes after that, still out / steady', still),
        aim: `at most ${times(least * 1.1)}`,
        met: still.mean <= least * 1.1,
      },
      {
        what: '  the least, if no message waits more than 30 s longer than the outage: 1 request of each in 30 s',
        figure: times(least),
      },
      row('  the minute after it / steady', back),
    ];
  },
};

import type { Cluster, Reply } from './cluster.ts';
import { told, used } from './cluster-replies.ts';
import { seededRandom } from './seeded-random.ts';

interface Person {
  readonly user: string;
  session: string;
  turn: Promise<void>;
  /** When a message began that used the session, in ms of a monotonic clock. */
  goodAt: number;
}

/** Many people, whose sessions are used at random replicas while replicas are killed. */
export class Kills {
  /**
   * Users who had to be signed in again, how many kills there were since the session was used the last time, and whether the
   * last token that the server issued had been used.
   */
  readonly lost: { user: string; kills: number; isTokenUsed: boolean }[] = [];
  readonly faults: string[] = [];
  readonly #cluster: Cluster;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #people: Person[] = [];
  readonly #kills: number[] = [];
  #messages = 0;
  #longest = 0;
  #begun = 0;
  #renewals = 0;

  constructor(cluster: Cluster, seed: number) {
    this.#cluster = cluster;
    this.#seed = seed;
    this.#random = seededRandom(seed);
  }

  async run({ people, workers, renewals, kills }: Record<'people' | 'workers' | 'renewals' | 'kills', number>) {
    const { guard } = this.#cluster;
    guard.life = 1;
    this.#begun = performance.now();
    const before = guard.counts.refreshes;
    for (let number = 0; number < people; number += 1) {
      const person = { user: `service-${number}`, session: '', turn: Promise.resolve(), goodAt: 0 };
      this.#people.push(person);
      await this.#signIn(person);
    }
    let hasFailed = false;
    const isOver = (): boolean =>
      hasFailed || (guard.counts.refreshes - before >= renewals && this.#kills.length >= kills);
    const all = [this.#killUntil(isOver), ...Array.from({ length: workers }, () => this.#workUntil(isOver))];
    await Promise.all(all).catch(async (failure) => {
      hasFailed = true;
      await Promise.allSettled(all);
      throw failure;
    });
    // The last kills may have lost sessions that no message has used since.
    for (const person of this.#people) await this.#use(person);
    this.#renewals = guard.counts.refreshes - before;
  }

  /** Checks that everybody is still signed in, at every replica. */
  async checkAll(): Promise<void> {
    for (const { user, session } of this.#people) used(await this.#cluster.call('use', { session }), user);
  }

  /**
   * Refresh tokens that were sent again after the server had refused them, although no replica was killed meanwhile: a
   * replica that is killed before it has written the refusal makes another one ask again.
   */
  get refusedAgain(): string[] {
    const { dead } = this.#cluster.guard;
    return dead
      .filter(({ token, at }, index) => {
        const before = dead.slice(0, index).findLast((use) => use.token === token);
        // The server may answer a replica that was killed a moment ago.
        return before && !this.#kills.some((kill) => kill > before.at - 1_000 && kill < at);
      })
      .map(({ token }) => token);
  }

  report(): string {
    const { dead, logins } = this.#cluster.guard.counts;
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
    const lost = this.lost.map(({ user, kills }) => `${user} after ${kills} kills`).join(', ');
    return [
      `      ${this.#renewals} renewals by ${this.#messages} messages, ${this.#kills.length} kills, in ${seconds} s;`,
      `      ${dead} refresh tokens found used up, ${this.lost.length} signed in again${lost ? ` (${lost})` : ''};`,
      `      the longest wait of a message was ${this.#longest.toFixed(0)} ms; ${logins} logins in all; seed ${this.#seed}`,
    ].join('\n');
  }

  async #workUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const person = this.#people[Math.floor(this.#random() * this.#people.length)];
      if (person) await this.#use(person);
    }
  }

  async #use(person: Person): Promise<void> {
    const { session } = person;
    const begun = performance.now();
    const answer = await this.#cluster.call('use', { session });
    this.#messages += 1;
    this.#longest = Math.max(this.#longest, performance.now() - begun);
    if (answer.body.user === person.user) {
      person.goodAt = begun;
      return;
    }
    // Several messages may find it lost. It is signed in again once.
    person.turn = person.turn.then(() => (person.session === session ? this.#lose(person, answer) : undefined));
    await person.turn;
  }

  async #lose(person: Person, { status, body }: Reply): Promise<void> {
    if (body.at !== 'needed') {
      this.faults.push(`${person.user}: ${status} ${JSON.stringify(body)}`);
      return;
    }
    const last = this.#cluster.guard.grants.findLast(({ user }) => user === person.user);
    const kills = this.#kills.filter((kill) => kill > person.goodAt).length;
    this.lost.push({ user: person.user, kills, isTokenUsed: last?.isUsed ?? true });
    await this.#signIn(person);
  }

  async #signIn(person: Person): Promise<void> {
    const answer = await this.#cluster.call('login', { user: person.user, password: `${person.user}-password` });
    person.goodAt = performance.now();
    person.session = String(told(answer, 'in').session);
  }

  async #killUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, 500 + this.#random() * 1_500));
      const victim = Math.floor(this.#random() * 3);
      this.#kills.push(performance.now());
      await this.#cluster.kill(victim);
      await this.#cluster.startOne(victim);
    }
  }
}

import assert from 'node:assert/strict';
import { Fleet, type Replica } from '../support/fleet.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { PERSON } from '../support/shared-sessions.ts';
import { ASK, isSignedIn } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const GAMES = 20;
const MOVES = 60;

/** Several replicas with random messages, renewals, rejected tokens, crashes and new processes at random times. */
class Game {
  readonly fleet = new Fleet();
  readonly #chance: () => number;
  readonly #replicas: Replica[] = [];
  #handle = '';
  kills = 0;
  lost = 0;
  answered = 0;

  constructor(seed: number) {
    this.#chance = seededRandom(seed);
  }

  async play(): Promise<void> {
    for (let number = 0; number < 4; number += 1) this.#start();
    await this.#signIn();
    const messages: Promise<void>[] = [];
    for (let move = 0; move < MOVES; move += 1) {
      const dice = this.#chance();
      if (dice < 0.5) messages.push(this.#message(this.#any()));
      else if (dice < 0.6) this.#reject(this.#any());
      else if (dice < 0.7) this.#kill();
      await this.fleet.system.pass(this.#chance() < 0.2 ? this.#chance() * 3_000_000 : this.#chance() * 300);
    }
    await this.fleet.system.pass(60_000);
    await Promise.all(messages);
    // In the end all agree.
    await this.fleet.system.pass(1_800_000);
    for (const replica of this.#replicas) {
      const asked = this.#message(replica);
      await this.fleet.system.pass(30_000);
      await asked;
    }
  }

  #start(): void {
    const replica = this.fleet.replica();
    replica.transport.otherwise = ({ form }) =>
      new Promise((resolve) => {
        this.fleet.guard.begin(form);
        // The server continues, whether anybody waits for it or not.
        this.fleet.system.after(this.#chance() * 400, () => {
          const reply = this.fleet.guard.answer(form);
          this.fleet.guard.end(form);
          resolve(reply);
        });
      });
    this.#replicas.push(replica);
  }

  #any(): Replica {
    return this.#replicas[Math.floor(this.#chance() * this.#replicas.length)] as Replica;
  }

  #kill(): void {
    const victim = this.#any();
    this.#replicas.splice(this.#replicas.indexOf(victim), 1);
    victim.store.die();
    this.kills += 1;
    this.#start();
  }

  #reject({ server }: Replica): void {
    const source = server.sessionWith(this.#handle)?.source;
    source?.reject(source.token?.generation ?? 0);
  }

  async #message(replica: Replica): Promise<void> {
    const handle = this.#handle;
    const session = await Promise.race([replica.server.findSessionWith(handle), this.#wait()]);
    const asked = session && (await session.ask());
    // A message that asked a process that crashed gets no answer.
    if (!this.#replicas.includes(replica)) return;
    if (asked?.failed) throw asked.failed;
    this.answered += 1;
    if (asked?.token || handle !== this.#handle) return;
    // Lost with a replica that crashed between answer and store: somebody signs in again.
    this.lost += 1;
    await this.#signIn();
  }

  /** A crashed process never finishes. */
  #wait(): Promise<undefined> {
    return new Promise((resolve) => {
      this.fleet.system.after(60_000, () => resolve(undefined));
    });
  }

  async #signIn(): Promise<void> {
    const signingIn = this.#replicas[0]?.server.signIn(PERSON, ASK);
    // Time does not pass automatically here.
    this.#handle = 'signing in';
    await this.fleet.system.pass(1_000);
    const outcome = await signingIn;
    this.#handle = isSignedIn(outcome).session.handle;
  }
}

describe('replicas with random events', () => {
  it(`never use a refresh token twice, and lose a session only with a replica that crashed, in ${GAMES} random runs`, async function () {
    this.timeout(120_000);
    let answered = 0;
    for (let seed = 1; seed <= GAMES; seed += 1) {
      const game = new Game(seed);
      await game.play();
      const { guard } = game.fleet;
      assert.deepEqual(guard.twice, [], `seed ${seed}`);
      assert.ok(guard.counts.dead <= game.kills, `seed ${seed}: ${guard.counts.dead} dead, ${game.kills} kills`);
      assert.equal(guard.counts.dead, game.lost, `seed ${seed}`);
      answered += game.answered;
    }
    assert.ok(answered > GAMES * 10, `${answered} messages`);
  });
});

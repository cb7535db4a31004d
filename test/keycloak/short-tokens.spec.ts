import assert from 'node:assert/strict';
import { type FlowNode, functionNode, httpRequest, place, wire } from '../support/flows.ts';
import { credentialsOf, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { callOf } from '../support/keycloak-flows.ts';
import { type Flow, load } from '../support/runtime.ts';

/** The number of accounts with a token of 3 s. */
const MANY = 12;

/** Records the token of a message, when the message got it, and when it expires, both in ms since 1970. */
const NOTE = `
  const [, claims] = String(msg.headers.authorization).split('.');
  const { jti, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return Object.assign(msg, { jti, attached: Date.now(), expires: exp * 1000 });
`;

/** How long a busy machine may need from one node to the next, in ms. */
const ON_THE_WAY = 200;

/** `attach-N` → `note-N` → `call-N` → `answered-N`: no 401 goes back, so each one is counted. */
function strictFlow(realm: Realm, index = 0): FlowNode[] {
  const account = `account-${index}`;
  return [
    // Accounts of one address and client share a token.
    { id: account, type: 'vgs-account', tokenUrl: `${realm.tokenUrl}?account=${index}`, scope: 'openid' },
    wire('attach-bearer', `attach-${index}`, [`note-${index}`, 'refused'], { source: 'vgs', account }),
    functionNode(`note-${index}`, [`call-${index}`], NOTE),
    httpRequest(`call-${index}`, `answered-${index}`, { ret: 'obj' }),
    place(`answered-${index}`),
  ];
}

/** Calls the API, and checks the result. */
class Calls {
  /** The tokens that a message has had. */
  readonly tokens = new Set<unknown>();
  readonly #realm: Realm;
  readonly #flow: Flow;

  constructor(realm: Realm, flow: Flow) {
    this.#realm = realm;
    this.#flow = flow;
  }

  /**
   * The token was valid when the message got it, and the call succeeded. On a busy machine, a new token may expire while
   * its reply is on the way, and any token may expire during the call.
   *
   * @returns when the token expires, in ms since 1970
   */
  async call(index = 0): Promise<number> {
    this.#flow.send(`attach-${index}`, callOf(this.#realm, { known: [...this.tokens] }));
    const { msg } = await this.#flow.next(`answered-${index}`);
    const answered = Date.now();
    const { attached, expires } = msg as unknown as Record<string, number>;
    const late = attached - expires;
    if ((msg.known as unknown[]).includes(msg.jti)) assert.ok(late < ON_THE_WAY, `${late} ms after the token expired`);
    if (answered < expires) assert.equal(msg.statusCode, 200, `${expires - answered} ms before the token expires`);
    this.tokens.add(msg.jti);
    return expires;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('tokens of Keycloak that are valid for seconds', function () {
  this.timeout(PATIENCE);
  let realm: Realm;
  before(async () => {
    realm = await Realm.create(
      ['12', '3'].map((seconds) =>
        serviceClient(`lives-${seconds}`, { attributes: { 'access.token.lifespan': seconds } }),
      ),
    );
    // The first token of a client takes longer.
    await realm.ask(credentialsOf('lives-3'));
  });

  it('12 s, under steady traffic: no call fails over two renewals', async () => {
    const flow = await load([...strictFlow(realm), place('refused')], {
      'account-0': credentialsOf('lives-12'),
    });
    const calls = new Calls(realm, flow);

    const callAndCall = async (): Promise<void> => {
      while (calls.tokens.size < 3) {
        await calls.call();
        await pause(20);
      }
    };
    await Promise.all(Array.from({ length: 4 }, callAndCall));
  });

  // Keycloak counts in whole seconds: a token of 3 s is valid for more than 2 s.
  it('3 s: a call just after the token has expired gets a new one, even if 3 s have not passed', async () => {
    const indices = Array.from({ length: MANY }, (_, index) => index);
    const flow = await load(
      [...indices.flatMap((index) => strictFlow(realm, index)), place('refused')],
      Object.fromEntries(indices.map((index) => [`account-${index}`, credentialsOf('lives-3')])),
    );
    const calls = new Calls(realm, flow);

    const callTwice = async (index: number): Promise<void> => {
      // At different fractions of a second.
      await pause((index * 1_000) / MANY);
      const expires = await calls.call(index);
      await pause(expires + ON_THE_WAY + 50 - Date.now());
      await calls.call(index);
    };
    await Promise.all(indices.map(callTwice));
  });
});

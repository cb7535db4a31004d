import assert from 'node:assert/strict';
import { type Arrival, type Message, place, wire } from '../support/flows.ts';
import { credentialsOf, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { load } from '../support/runtime.ts';

const CLIENTS = [serviceClient('long'), serviceClient('short', { attributes: { 'access.token.lifespan': '6' } })];

/** Errors at the Catch node while Keycloak is down, or while it starts on a busy machine. */
const NO_ANSWER = ['AUTH_NETWORK', 'AUTH_TIMEOUT', 'AUTH_UNAVAILABLE'];

describe('Keycloak killed while messages flow', function () {
  this.timeout(PATIENCE);

  it('a valid token is used; without one, messages go to a Catch node; after the restart everything works; no message is lost', async () => {
    const realm = await Realm.create(CLIENTS);
    const flow = await load(
      [
        ...CLIENTS.flatMap(({ clientId }) => [
          { id: clientId, type: 'vgs-account', tokenUrl: realm.tokenUrl },
          wire('attach-bearer', `attach-${clientId}`, ['ready', 'refused'], { source: 'vgs', account: clientId }),
        ]),
        place('ready'),
        place('refused'),
      ],
      Object.fromEntries(CLIENTS.map(({ clientId }) => [clientId, credentialsOf(clientId)])),
    );
    let sent = 0;
    const timer = setInterval(() => {
      for (const { clientId } of CLIENTS) flow.send(`attach-${clientId}`, { topic: clientId });
      sent += CLIENTS.length;
    }, 100);
    let arrived = 0;
    const take = async (): Promise<Arrival> => {
      const { at, msg } = await flow.next();
      arrived += 1;
      if (at === 'caught') {
        assert.equal(msg.topic, 'short');
        assert.ok(NO_ANSWER.includes(msg.error?.code ?? ''), msg.error?.message);
      } else assert.equal(at, 'ready', JSON.stringify(msg.auth));
      return { at, msg };
    };
    /** Takes messages until one of this client has arrived here. */
    const until = async (client: string, place: string): Promise<Message> => {
      for (;;) {
        const { at, msg } = await take();
        if (msg.topic === client && at === place) return msg;
      }
    };
    const headerOf = async (client: string): Promise<string> =>
      String((await until(client, 'ready')).headers?.authorization);

    try {
      await until('long', 'ready');
      // The database writes new data to the disk within a second, so the renewal comes first.
      const first = await headerOf('short');
      while ((await headerOf('short')) === first);
      await realm.keycloak.kill();
      try {
        await until('short', 'caught');
        await until('long', 'ready');
      } finally {
        // The other tests need it.
        await realm.keycloak.start();
      }
      await until('short', 'ready');
    } finally {
      clearInterval(timer);
    }
    while (arrived < sent) await take();
    assert.deepEqual(flow.left, []);
  });
});

import { randomBytes } from 'node:crypto';
import { Engine, echoesOf, ReplyObject, systemClock } from './built.ts';
import { interleave, type Measurement, plainRow, processorTime, type Row, ratioRow } from './measure.ts';

const SESSIONS = 100_000;
const LOOK_UPS = 1_000;
const TIMES = 10;
const LENGTHS = { access: 1_200, refresh: 64, VGToken: 300 };

interface Store {
  engine: InstanceType<typeof Engine>;
  server: ReturnType<InstanceType<typeof Engine>['holdServer']>['value'];
  handles: string[];
  /** The number of characters of all tokens and names. Each takes one byte. */
  text: number;
}

/** Signs this many users in, with different tokens of a usual length. */
async function signIn(count: number): Promise<Store> {
  const made = { text: 0 };
  const unique = (length: number): string => {
    made.text += length;
    return randomBytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length);
  };
  const transport = {
    host: 'simulated',
    close: () => undefined,
    send: async (request: Parameters<typeof echoesOf>[0]) => {
      const VGResponse = {
        AuthenticationState: { Status: 2048 },
        AuthenticationStatus: 'Success',
        VGToken: unique(LENGTHS.VGToken),
      };
      const body = {
        access_token: unique(LENGTHS.access),
        refresh_token: unique(LENGTHS.refresh),
        expires_in: 86_400,
        token_type: 'Bearer',
        VGResponse,
      };
      // As in a response: each text has memory of its own.
      const read = ReplyObject.parse(JSON.stringify(body), echoesOf(request));
      return {
        status: 200,
        contentType: 'application/json',
        body: read,
        empty: false,
        retryAfter: undefined,
        sentAt: Date.now(),
      };
    },
  };
  const engine = new Engine(count, systemClock);
  const settings = {
    tokenUrl: 'https://simulated/connect/token',
    clientId: 'app_Native',
    clientSecret: '',
    scope: 'openid profile VGRoles VGToken offline_access',
    module: 'VGUser',
    mfaCredentials: 'none',
    username: '',
    password: '',
  } as const;
  const server = engine.holdServer(settings, transport, '').value;
  const handles: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const user = nameOf(index);
    made.text += user.length;
    const outcome = await server.signIn({ user, password: 'a password' }, { method: 'ask', reset: false });
    if (outcome.state !== 'signed-in') throw new Error(outcome.state);
    handles.push(outcome.session.handle);
  }
  return { engine, server, handles, text: made.text };
}

function nameOf(index: number): string {
  return `person-${index}@example.org`;
}

/** The memory in use, on the heap and outside it, in bytes. */
export function memory(): number {
  for (let count = 0; count < 4; count += 1) global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export const sessions: Measurement = {
  name: 'sessions',
  async run(rounds): Promise<Row[]> {
    const one = await signIn(1);
    const before = memory();
    const many = await signIn(SESSIONS);
    // The bench holds the handles a second time, in this array.
    const own = (memory() - before - many.text) / SESSIONS - 8;
    const rows: Row[] = [
      {
        what: `${SESSIONS.toLocaleString('en')} live sessions: heap of each beyond its tokens’ own text`,
        figure: `${own.toFixed(0)} bytes`,
        aim: 'under 1024',
        met: own < 1024,
      },
    ];
    const user = nameOf(0);
    const order = Array.from({ length: LOOK_UPS }, (_, index) => (index * 7_919) % SESSIONS);
    const names = order.map(nameOf);
    const look = (find: (index: number) => unknown): number => {
      const begun = processorTime();
      for (let index = 0; index < LOOK_UPS; index += 1) if (!find(index)) throw new Error('not found');
      return ((processorTime() - begun) * 1e6) / LOOK_UPS;
    };
    const [byHandle = [], byHandleOfOne = [], byUser = [], byUserOfOne = []] = await interleave(
      rounds * TIMES,
      [
        () => look((index) => many.server.sessionWith(many.handles[order[index] ?? 0] ?? '')),
        () => look(() => one.server.sessionWith(one.handles[0] ?? '')),
        () => look((index) => many.server.sessionOf(names[index] ?? '')),
        () => look(() => one.server.sessionOf(user)),
      ],
      100,
    );
    rows.push(
      plainRow('  look-up by handle', byHandle, 'ns', 0),
      ratioRow('  look-up by handle / the same with one session', byHandle, byHandleOfOne),
      plainRow('  look-up by user', byUser, 'ns', 0),
      ratioRow('  look-up by user / the same with one session', byUser, byUserOfOne),
    );
    const sent = await afterUse(many, before);
    rows.push({ what: '  the same when each token was sent once', figure: `${sent.toFixed(0)} bytes` });
    return rows;
  },
};

/** The memory of a session after its header was sent: the header is then a text with memory of its own. */
async function afterUse(many: Store, before: number): Promise<number> {
  for (const handle of many.handles) {
    const token = many.server.sessionWith(handle)?.source.current();
    // As node:http does with a header.
    Buffer.from(String(token?.hiddenHeader.headers().authorization), 'latin1');
  }
  return (memory() - before - many.text) / SESSIONS - 8;
}

import {
  echoesOf,
  grantedToken,
  ReplyObject,
  readTokenResponse,
  readVisualGuardReply,
  SecretTrace,
  toMessageToken,
} from './built.ts';
import { interleave, type Measurement, plainRow, processorTime, type Row, ratioRow, spreadOf } from './measure.ts';

/** The largest part of a reply that is read, in bytes. */
const SIZE = 2 ** 20;
const TIMES = 3;
/** A delay of a message that nobody notices, in ms. */
const UNNOTICED = 20;

const REQUEST = {
  url: 'https://simulated/connect/token',
  form: { client_secret: 'S3cret-value', Password: 'a password', refresh_token: 'R'.repeat(64) },
  traces: [new SecretTrace('an earlier password')],
};

/** A reply of 1 MiB: the JSON that `make` makes, with `filling` repeated in one place. */
function filled(filling: string, make: (text: string) => object): string {
  const size = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;
  const count = Math.floor((SIZE - Buffer.byteLength(JSON.stringify(make('')))) / size(filling));
  return JSON.stringify(make(filling.repeat(count)));
}

const granted = (more: object): object => ({ access_token: 'a'.repeat(1_000), expires_in: 300, ...more });
const challenged = (item: object): object => ({
  VGResponse: {
    AuthenticationResponse: { Status: 134_217_729, MFAAvailables: [{ Id: 'a', RequestId: 'b', ...item }] },
  },
});

/** Replies that a server may send to delay other messages. Nested arrays and objects are refused before they are parsed. */
const REPLIES: Record<string, string> = {
  '200,000 scopes': filled('abcd ', (scope) => granted({ scope })),
  'scopes in bidirectional marks': filled('\u202eab ', (scope) => granted({ scope })),
  'the secret as scopes': filled('S3cret-value ', (scope) => granted({ scope })),
  'one scope': filled('a', (scope) => granted({ scope })),
  'a token': filled('a', (access_token) => ({ access_token, expires_in: 300 })),
  'an error description': filled('S3cret-valu ', (text) => ({ error: 'invalid_client', error_description: text })),
  'names of states': filled('Failure, ', (names) => ({ error: 'a', VGAuthenticationStatus: names })),
  'a label': filled('S3cret-valu ', (label) => challenged({ DestinationDisplay: label })),
  '10,000 ways': JSON.stringify({
    VGResponse: {
      AuthenticationResponse: { Status: 1, MFAAvailables: new Array(9_000).fill({ Id: 'a', x: 'y'.repeat(90) }) },
    },
  }),
  'nested arrays': `{"error":${'['.repeat(SIZE / 2)}${']'.repeat(SIZE / 2 - 10)}}`,
  'distinct members': `{${Array.from({ length: 90_000 }, (_, index) => `"k${index}":1`).join()}}`,
};

/** Everything that the engine does with a reply, from its text to the properties of a message. */
function read(text: string): void {
  const echoes = echoesOf(REQUEST);
  const body = ReplyObject.parse(text, echoes);
  const reply = { status: 400, contentType: 'application/json', body, empty: false, retryAfter: undefined, sentAt: 0 };
  if (body) readVisualGuardReply(body);
  try {
    const answer = readTokenResponse(reply, { host: 'simulated', isForUser: true, mayQuote: true });
    if (answer.refused) return;
    toMessageToken(grantedToken(answer, reply, { scope: ['a', 'b'] }, Math));
  } catch {
    // A reply without meaning is an error.
  }
}

function parse(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    // Some replies are no JSON.
  }
}

/** The processor time that a reply takes, in ms, without that of other programs. */
function time(work: () => void): number {
  const begun = processorTime();
  work();
  return processorTime() - begun;
}

/** The cost of a hostile reply of 1 MiB, against parsing it, and how long other messages wait for it. */
export const hostileReply: Measurement = {
  name: 'hostile-reply',
  async run(rounds): Promise<Row[]> {
    const rows: Row[] = [];
    let worst: { name: string; taken: number[] } = { name: '', taken: [0] };
    for (const [name, text] of Object.entries(REPLIES)) {
      const bytes = Buffer.from(text);
      const [ours = [], theirs = [], taken = []] = await interleave(rounds * TIMES, [
        () => time(() => read(text)),
        () => time(() => parse(text)),
        () => time(() => read(bytes.toString())),
      ]);
      rows.push(ratioRow(`a hostile reply of 1 MiB, ${name}: reading it / JSON.parse`, ours, theirs, 5));
      if (spreadOf(taken).median > spreadOf(worst.taken).median) worst = { name, taken };
    }
    const met = spreadOf(worst.taken).median <= UNNOTICED;
    const row = plainRow(
      `  everything else waits longest for ${worst.name}, from its bytes to the message`,
      worst.taken,
      'ms',
    );
    return [...rows, { ...row, aim: `at most ${UNNOTICED} ms`, met }];
  },
};

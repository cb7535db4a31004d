import assert from 'node:assert/strict';
import { Echoes } from '../../src/http/echoes.ts';
import { ReplyObject } from '../../src/http/reply-object.ts';
import { findMethod, isDelivered, type OfferedMethod, readMethods } from '../../src/visual-guard/dialect/methods.ts';

const readAll = (MFAAvailables: unknown, requestId: string, echoes?: Echoes) =>
  readMethods(ReplyObject.of({ MFAAvailables }, echoes), requestId);
const readOne = (item: object) => readAll([{ Id: 'id', RequestId: 'request', ...item }], '')[0];

describe('the methods that a server offers', () => {
  const rows: [string, object, OfferedMethod['kind'], OfferedMethod['transport']][] = [
    ['a code by SMS', { TransportMode: 1, AuthenticationMode: 2 }, 'otp', 'sms'],
    ['a code by email', { TransportMode: 2, AuthenticationMode: 2 }, 'otp', 'email'],
    ['a code by WhatsApp', { TransportMode: 3, AuthenticationMode: 2 }, 'otp', 'whatsapp'],
    ['a link by SMS', { TransportMode: 1, AuthenticationMode: 1 }, 'link', 'sms'],
    ['a link by email', { TransportMode: 2, AuthenticationMode: 1 }, 'link', 'email'],
    ['an unknown mode', { TransportMode: 1, AuthenticationMode: 7 }, 'code', 'sms'],
    [
      'an unknown mode whose text is Link',
      { TransportMode: 2, AuthenticationMode: 7, AuthenticationModeDisplay: 'Magic Link' },
      'link',
      'email',
    ],
    [
      'an authenticator app',
      { TransportMode: 0, AuthenticationMode: 3, AuthenticationModeDisplay: 'TOTP' },
      'code',
      'app',
    ],
    ['Microsoft Authenticator', { AuthenticationModeDisplay: 'Microsoft Authenticator' }, 'code', 'app'],
    ['modes that are texts', { TransportMode: 'Pigeon', AuthenticationMode: 'Letter' }, 'code', 'other'],
    ['no modes at all', {}, 'code', 'other'],
  ];
  for (const [name, item, kind, transport] of rows) {
    it(`${name}: ${kind}, ${transport}`, () => {
      const method = readOne(item);
      assert.deepEqual({ kind: method.kind, transport: method.transport }, { kind, transport });
    });
  }

  it('have IDs of our own, so that the server’s IDs never leave the process', () => {
    const item = { Id: 'server-id', RequestId: 'server-request', TransportMode: 1, AuthenticationMode: 2 };
    const [one, other] = readAll([item, item], '');
    assert.notEqual(one.id, other.id);
    assert.match(one.id, /^[\w-]{24}$/);
    const { id, kind, transport, destination, label } = one;
    assert.ok(!JSON.stringify({ id, kind, transport, destination, label }).includes('server'));
    assert.deepEqual([one.availableId, one.requestId], ['server-id', 'server-request']);
  });

  it('use the request ID of the item, otherwise that of the reply', () => {
    const ids = readAll([{ Id: 'a', RequestId: 'item' }, { Id: 'b' }], 'reply').map(({ requestId }) => requestId);
    assert.deepEqual(ids, ['item', 'reply']);
  });

  it('leave out items that cannot be chosen', () => {
    const senseless = [
      null,
      7,
      'text',
      [],
      {},
      { Id: '' },
      { Id: 5, RequestId: 'r' },
      { Id: 'x'.repeat(201), RequestId: 'r' },
    ];
    assert.deepEqual(
      readAll([...senseless, { Id: 'good' }], 'reply').map(({ availableId }) => availableId),
      ['good'],
    );
    assert.deepEqual(readAll([{ Id: 'no request id anywhere' }], ''), []);
  });

  for (const list of [undefined, null, {}, 'text', 7]) {
    it(`are empty if the list is ${JSON.stringify(list)}`, () => assert.deepEqual(readAll(list, 'r'), []));
  }

  it('have texts of limited length, on one line', () => {
    const method = readOne({ DestinationDisplay: `+49\n\u0007${'*'.repeat(500)}` });
    assert.ok(method.destination.length <= 100);
    assert.doesNotMatch(method.destination, /\p{Cc}/u);
    const [hidden] = readAll(
      [{ Id: 'a', DestinationDisplay: 'to secret', AuthenticationModeDisplay: 'OTP' }],
      'r',
      new Echoes(['secret']),
    );
    assert.deepEqual([hidden.destination, hidden.label], ['to [redacted]', 'OTP to [redacted]']);
  });
});

describe('the method for a word', () => {
  const method = (id: string, kind: OfferedMethod['kind'], transport: OfferedMethod['transport']) => ({
    id,
    kind,
    transport,
    destination: '',
    label: '',
    requestId: 'r',
    availableId: id,
  });
  const link = method('link-id', 'link', 'email');
  const smsLink = method('sms-link-id', 'link', 'sms');
  const sms = method('sms-id', 'otp', 'sms');
  const email = method('email-id', 'otp', 'email');
  const whatsapp = method('whatsapp-id', 'otp', 'whatsapp');
  const app = method('app-id', 'code', 'app');
  const all = [link, smsLink, sms, email, whatsapp, app];

  const rows: [string, string | undefined][] = [
    ['first', 'link-id'],
    ['otp-sms', 'sms-id'],
    ['otp-email', 'email-id'],
    ['otp-whatsapp', 'whatsapp-id'],
    ['otp-app', 'app-id'],
    ['link-sms', 'sms-link-id'],
    ['link-email', 'link-id'],
    ['whatsapp-id', 'whatsapp-id'],
    ['', undefined],
    ['OTP-SMS', undefined],
    ['somebody-else', undefined],
  ];
  for (const [word, id] of rows) {
    it(`for ${JSON.stringify(word)}, if there are several, is ${id ?? 'none'}`, () =>
      assert.equal(findMethod(all, word)?.id, id));
  }

  it('is the only one if none is named', () => assert.equal(findMethod([sms], ''), sms));
  it('is none if the preference is not offered', () => assert.equal(findMethod([link, sms], 'otp-email'), undefined));
  it('is none if none is offered', () => assert.equal(findMethod([], 'first'), undefined));
  it('needs nothing sent if it is an authenticator app', () =>
    assert.deepEqual([...all, method('code-id', 'code', 'sms')].map(isDelivered), [
      true,
      true,
      true,
      true,
      true,
      false,
      true,
    ]));
});

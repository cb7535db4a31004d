import { randomId } from '../../core/clock.ts';
import type { ReplyObject } from '../../http/reply-object.ts';

/** One way to answer a challenge, as it stands in `msg.auth.challenge.methods`. */
export interface OfferedMethod {
  /** Made here, at random. The server's own ids never leave the process. */
  id: string;
  /** `otp`: a code that is sent; `link`: a link that is sent; `code`: a code that the server knows another way. */
  kind: 'otp' | 'link' | 'code';
  transport: 'sms' | 'email' | 'whatsapp' | 'app' | 'other';
  /** The server's masked text, as `+91*****34003`. */
  destination: string;
  label: string;
}

/** A method with what the server calls it. */
export interface Method extends OfferedMethod {
  readonly requestId: string;
  readonly availableId: string;
}

/** The most ways that are read of a reply. */
export const MOST_METHODS = 20;

/**
 * Reads `MFAAvailables` (PROTOCOL.md: challenges). Numbers: TransportMode 1 SMS, 2 email, 3 WhatsApp; AuthenticationMode 1 link, 2 OTP.
 * A mode that is not known is code entry, unless its text says "Link". Items without an id are left out.
 *
 * @param answer the object that has the list
 * @param requestId the request id of the reply, for items that name none of their own
 */
export function readMethods(answer: ReplyObject | undefined, requestId: string): Method[] {
  const items = answer?.objects('MFAAvailables', MOST_METHODS) ?? [];
  return items.flatMap((item) => readMethod(item, requestId) ?? []);
}

function readMethod(item: ReplyObject, fallback: string): Method | undefined {
  const availableId = item.id('Id');
  const requestId = item.id('RequestId') || fallback;
  if (!availableId || !requestId) return undefined;
  const mode = item.line('AuthenticationModeDisplay');
  const way = item.line('TransportModeDisplay');
  const destination = item.line('DestinationDisplay');
  const kind = readKind(item.number('AuthenticationMode'), mode);
  return {
    id: randomId(),
    kind,
    transport: readTransport(item.number('TransportMode'), kind, `${mode} ${way}`),
    destination,
    label: [mode, way, destination].filter((part) => part !== '' && part !== 'None').join(' '),
    requestId,
    availableId,
  };
}

function readKind(mode: number | undefined, display: string): OfferedMethod['kind'] {
  if (mode === 1) return 'link';
  if (mode === 2) return 'otp';
  return /\blink\b/i.test(display) ? 'link' : 'code';
}

function readTransport(
  mode: number | undefined,
  kind: OfferedMethod['kind'],
  display: string,
): OfferedMethod['transport'] {
  if (mode === 1) return 'sms';
  if (mode === 2) return 'email';
  if (mode === 3) return 'whatsapp';
  if (/\bsms\b/i.test(display)) return 'sms';
  if (/\be-?mail\b/i.test(display)) return 'email';
  if (/\bwhatsapp\b/i.test(display)) return 'whatsapp';
  return kind !== 'link' && /totp|authenticator|\bapp\b/i.test(display) ? 'app' : 'other';
}

/**
 * The method that a word asks for.
 *
 * @param word `first`, one of METHOD_PREFERENCES, or a method's id; empty takes a single method
 * @returns undefined where it is not offered, or where several are and none is named
 */
export function findMethod(methods: readonly Method[], word: string): Method | undefined {
  if (word === '') return methods.length === 1 ? methods[0] : undefined;
  if (word === 'first') return methods[0];
  const wanted = /^(otp|link)-(\w+)$/.exec(word);
  if (!wanted) return methods.find(({ id }) => id === word);
  return methods.find(({ kind, transport }) => (wanted[1] === 'link') === (kind === 'link') && transport === wanted[2]);
}

/** Whether choosing this method makes the server send something. An authenticator app makes its codes itself. */
export function isDelivered(method: Method): boolean {
  return method.transport !== 'app';
}

import { randomId } from '../../core/clock.ts';
import type { ReplyObject } from '../../http/reply-object.ts';
import type { OfferedMethod } from '../outcome-data.ts';

export type { OfferedMethod } from '../outcome-data.ts';

/** A method with the ids of the server. */
export interface Method extends OfferedMethod {
  readonly requestId: string;
  readonly availableId: string;
}

/** The most methods that are read from a reply. */
export const MOST_METHODS = 20;

/**
 * Reads `MFAAvailables` (PROTOCOL.md: challenges). Numbers: TransportMode 1 SMS, 2 email, 3 WhatsApp; AuthenticationMode 1 link, 2 OTP.
 * An unknown mode is the entry of a code, unless its text contains "Link". Items without an id are left out.
 *
 * @param answer the object with the list
 * @param requestId the request id of the reply, for items without one
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
 * Finds the method for a word.
 *
 * @param word `first`, one of METHOD_PREFERENCES, or the id of a method. If it is empty, a single method is returned
 * @returns undefined if the method is not offered, or the word is empty and several are offered
 */
export function findMethod(methods: readonly Method[], word: string): Method | undefined {
  if (word === '') return methods.length === 1 ? methods[0] : undefined;
  if (word === 'first') return methods[0];
  const wanted = /^(otp|link)-(\w+)$/.exec(word);
  if (!wanted) return methods.find(({ id }) => id === word);
  return methods.find(({ kind, transport }) => (wanted[1] === 'link') === (kind === 'link') && transport === wanted[2]);
}

/** Whether the server sends something when the method is chosen. An authenticator app generates its codes. */
export function isDelivered(method: Method): boolean {
  return method.transport !== 'app';
}

import { randomId } from '../../system.ts';

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

const MOST_METHODS = 20;
const LONGEST_TEXT = 100;

/**
 * Reads `MFAAvailables` (PROTOCOL.md: challenges). Numbers: TransportMode 1 SMS, 2 email, 3 WhatsApp; AuthenticationMode 1 link, 2 OTP.
 * A mode that is not known is code entry, unless its text says "Link". Items without an id are left out.
 *
 * @param requestId the request id of the reply, for items that name none of their own
 * @param show lets a text of the server through, or not
 */
export function readMethods(list: unknown, requestId: string, show: (text: string) => string | undefined): Method[] {
  if (!Array.isArray(list)) return [];
  const methods: Method[] = [];
  for (const item of list.slice(0, MOST_METHODS)) {
    const method = readMethod(item, requestId, show);
    if (method) methods.push(method);
  }
  return methods;
}

function readMethod(item: unknown, fallback: string, show: (text: string) => string | undefined): Method | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const said = item as Record<string, unknown>;
  const availableId = readId(said.Id);
  const requestId = readId(said.RequestId) || fallback;
  if (!availableId || !requestId) return undefined;
  const text = (value: unknown): string => {
    const plain =
      typeof value === 'string'
        ? value
            .replace(/\p{Cc}/gu, ' ')
            .trim()
            .slice(0, LONGEST_TEXT)
        : '';
    return show(plain) ?? '';
  };
  const mode = text(said.AuthenticationModeDisplay);
  const way = text(said.TransportModeDisplay);
  const destination = text(said.DestinationDisplay);
  const kind = readKind(said.AuthenticationMode, mode);
  return {
    id: randomId(),
    kind,
    transport: readTransport(said.TransportMode, kind, `${mode} ${way}`),
    destination,
    label: [mode, way, destination].filter((part) => part !== '' && part !== 'None').join(' '),
    requestId,
    availableId,
  };
}

/** An id of the server: a text that can go back into a form field. */
export function readId(value: unknown): string {
  return typeof value === 'string' && value.length <= 200 ? value.trim() : '';
}

function readKind(mode: unknown, display: string): OfferedMethod['kind'] {
  if (mode === 1) return 'link';
  if (mode === 2) return 'otp';
  return /\blink\b/i.test(display) ? 'link' : 'code';
}

function readTransport(mode: unknown, kind: OfferedMethod['kind'], display: string): OfferedMethod['transport'] {
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

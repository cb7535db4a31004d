import { isDeepStrictEqual } from 'node:util';
import type { NodeAPI, NodeMessage } from 'node-red';
import { type Path, withoutParameter } from './query.ts';

/** A property, and the objects along its path: the first one contains the second, the last one has the property. */
interface Place {
  holders: object[];
  path: Path;
}

/** The parts of an Express request with the sent form or query. `http in` makes one of them the payload. */
const REQUEST_PARTS = ['body', 'query'] as const;

/** The properties of an Express request that repeat the query, and those in which `parseurl` keeps its result. */
const URLS = ['url', 'originalUrl'] as const;
const PARSED_URLS = ['_parsedUrl', '_parsedOriginalUrl'] as const;

/**
 * Deletes a property of a message. A frozen object along the path is replaced by a copy without the property.
 *
 * @param expression the property, as a dialog stores it. If there is no such property, nothing is deleted
 */
export function deleteProperty(RED: NodeAPI, msg: NodeMessage, expression: string): void {
  const path = pathOf(RED, msg, expression);
  const place = path && findPlace(msg, path);
  if (place) deleteAt(place);
}

/**
 * Deletes the property from which a password or code was read, and its copies in the request of `http in`.
 * `msg.req` is the same object in all clones of a message, so a copy of `msg.payload` does not protect it.
 * A value is a copy if it is equal and is at the same path below `payload`, `req.body` or `req.query`.
 * A parameter of the query is also deleted from `req.url` and `req.originalUrl`.
 *
 * @param expression the property, as a dialog stores it. If there is no such property, nothing is deleted
 */
export function deleteSecret(RED: NodeAPI, msg: NodeMessage, expression: string): void {
  const path = pathOf(RED, msg, expression);
  const place = path && findPlace(msg, path);
  if (!place) return;
  const secret = valueAt(place);
  // All places are found before the first deletion, because two of them can be in the same object.
  const places = [place, ...copiesOf(msg, place.path, secret)];
  const changed = new Set<object | undefined>();
  for (const each of places) {
    const holder = each.holders.at(-1);
    // A second deletion in the same array would delete the next element.
    if (!changed.has(holder) && deleteAt(each)) changed.add(holder);
    if (each.path[0] === 'req' && each.path[1] === 'query') deleteFromUrls(each.holders[1], each.path.slice(2), secret);
  }
}

function pathOf(RED: NodeAPI, msg: NodeMessage, expression: string): Path | undefined {
  try {
    const steps = RED.util.normalisePropertyExpression(expression.replace(/^msg\./, ''), msg);
    // `payload[msg.topic]` takes a part of its path from the message, which can have any value.
    return steps.map((step) => (typeof step === 'number' ? step : String(step)));
  } catch {
    return undefined;
  }
}

/** Follows own properties only, because an inherited object can be shared. */
function findPlace(msg: object, path: Path): Place | undefined {
  const holders: object[] = [msg];
  for (const step of path.slice(0, -1)) {
    const holder = holders.at(-1) ?? {};
    const next = Object.hasOwn(holder, step) ? read(holder, step) : undefined;
    if (typeof next !== 'object' || next === null) return undefined;
    holders.push(next);
  }
  return { holders, path };
}

function valueAt({ holders, path }: Place): unknown {
  return read(holders.at(-1) ?? {}, path.at(-1) ?? '');
}

/** @returns undefined if a getter throws */
function read(holder: object, key: string | number): unknown {
  try {
    return Reflect.get(holder, key);
  } catch {
    return undefined;
  }
}

function copiesOf(msg: object, path: Path, secret: unknown): Place[] {
  const inPayload = path[0] === 'payload';
  const part = REQUEST_PARTS.find((name) => path[0] === 'req' && path[1] === name);
  if (!inPayload && !part) return [];
  const below = path.slice(inPayload ? 1 : 2);
  // A whole body can be a copy only if it is a text: a code is never an object.
  if (below.length === 0 && typeof secret !== 'string') return [];
  const places = [['payload', ...below], ...REQUEST_PARTS.map((name) => ['req', name, ...below])];
  const others = places.filter((each) => !isDeepStrictEqual(each, path));
  return others
    .map((each) => findPlace(msg, each))
    .filter((place) => place !== undefined)
    .filter((place) => isDeepStrictEqual(valueAt(place), secret));
}

/** @returns whether the last holder itself was changed; false if it was replaced by a copy */
function deleteAt({ holders, path }: Place): boolean {
  let copy: object | undefined;
  for (let at = path.length - 1; at >= 0; at -= 1) {
    const holder = holders[at] ?? {};
    const key = path[at] ?? '';
    if (copy ? Reflect.set(holder, key, copy) : removeKey(holder, key)) return !copy;
    if (!isCopyable(holder, key)) return false;
    copy = copyWithout(holder, key, copy);
  }
  return false;
}

/** @returns whether the key is gone; false if the object is frozen or sealed */
function removeKey(holder: object, key: string | number): boolean {
  if (Array.isArray(holder) && typeof key === 'number') {
    if (Object.isSealed(holder)) return false;
    holder.splice(key, 1);
    return true;
  }
  if (!Reflect.deleteProperty(holder, key)) return false;
  const isInherited = key in holder && !(key in Object.prototype);
  // A getter of the class must stay, so an own property without a value hides it.
  return !isInherited || Reflect.defineProperty(holder, key, { configurable: true, writable: true, value: undefined });
}

/** A copy cannot leave out the elements of a buffer or the length of an array. They are numbers, and no secrets. */
function isCopyable(holder: object, key: string | number): boolean {
  return !ArrayBuffer.isView(holder) && (!Array.isArray(holder) || typeof key === 'number');
}

/** @param instead the value of the key in the copy. Without it, the copy does not have the key */
function copyWithout(holder: object, key: string | number, instead?: object): object {
  if (Array.isArray(holder) && typeof key === 'number')
    return instead ? holder.with(key, instead) : holder.toSpliced(key, 1);
  const copy = Object.create(Object.getPrototypeOf(holder));
  const describe = (value: unknown): PropertyDescriptor => ({
    configurable: true,
    enumerable: true,
    writable: true,
    value,
  });
  // Defined, not assigned: the key `__proto__` is a property like any other.
  for (const name of Object.keys(holder))
    if (name !== String(key)) Object.defineProperty(copy, name, describe(read(holder, name)));
  if (instead) Object.defineProperty(copy, key, describe(instead));
  return copy;
}

function deleteFromUrls(request: object | undefined, parameter: Path, secret: unknown): void {
  if (!request) return;
  for (const name of URLS) {
    const url = read(request, name);
    if (typeof url === 'string') Reflect.set(request, name, withoutParameter(url, parameter, secret));
  }
  // Express parses the URL again when they are read.
  for (const name of PARSED_URLS) Reflect.deleteProperty(request, name);
}

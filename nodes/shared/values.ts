import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import { checkLength, LONGEST_TEXT } from '../../src/core/text-length.ts';
import { variableIn } from './config/variables.ts';

/** A property of a node with its type, as a typedInput stores them. */
export interface Typed {
  value: string;
  type: string;
}

/** Whether the value is in a context store, which may answer later. */
export function isInContext({ type }: Typed): boolean {
  return type === 'flow' || type === 'global';
}

/**
 * Reads a value from a message, a context store, the environment or the node itself.
 *
 * @returns undefined if there is no value; a promise if `isInContext`, and only then. It is never rejected
 */
export function readTyped(RED: NodeAPI, node: Node, typed: Typed, msg: NodeMessage): unknown | Promise<unknown> {
  const { value, type } = typed;
  if (type === 'str') return value;
  if (type === 'msg' || type === 'session') {
    try {
      return RED.util.getMessageProperty(msg, value);
    } catch {
      return undefined;
    }
  }
  if (type === 'env') return RED.util.evaluateNodeProperty(value, 'env', node, msg);
  if (isInContext(typed)) return readContext(RED, node, typed, msg);
  return undefined;
}

function readContext(RED: NodeAPI, node: Node, { value, type }: Typed, msg: NodeMessage): Promise<unknown> {
  return new Promise((resolve) => {
    try {
      RED.util.evaluateNodeProperty(value, type, node, msg, (error, found) => resolve(error ? undefined : found));
    } catch {
      resolve(undefined);
    }
  });
}

/**
 * A value as a text. A text or a number is returned as a text. Anything else is empty, and so is a session handle that is too long.
 *
 * @param property the property that the value is for, for the error
 * @throws AuthError `AUTH_CONFIG` if it is an environment variable without a value, or too long
 */
export function asText(found: unknown, { value, type }: Typed, property: string): string {
  if (type === 'env' && (found === undefined || found === ''))
    throw new AuthError('variable-missing', { property, variable: value });
  if (typeof found === 'number' && Number.isFinite(found)) return String(found);
  if (typeof found !== 'string' && !(found instanceof String)) return '';
  const text = String(found);
  // Anyone who sends such a handle gets the same result as for one that has expired.
  if (type === 'session' && text.length > LONGEST_TEXT) return '';
  checkLength(text, value || property);
  const variable = variableIn(text);
  if (variable !== undefined && type !== 'msg' && type !== 'session')
    throw new AuthError('variable-missing', { property, variable });
  return text;
}

import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import { variableIn } from './config/variables.ts';

/** Where a value comes from, as a typedInput stores it. */
export interface Typed {
  value: string;
  type: string;
}

/**
 * Reads a value that may come from a message, a context store, the environment or the node itself.
 * A context store may answer later, so this is asynchronous for `flow` and `global` alone.
 *
 * @returns undefined where there is nothing
 */
export function readTyped(
  RED: NodeAPI,
  node: Node,
  { value, type }: Typed,
  msg: NodeMessage,
): unknown | Promise<unknown> {
  if (type === 'str') return value;
  if (type === 'msg' || type === 'session') {
    try {
      return RED.util.getMessageProperty(msg, value);
    } catch {
      return undefined;
    }
  }
  if (type === 'env') return RED.util.evaluateNodeProperty(value, 'env', node, msg);
  return new Promise((resolve) => {
    RED.util.evaluateNodeProperty(value, type, node, msg, (error, found) => resolve(error ? undefined : found));
  });
}

/**
 * A value as a text: texts and numbers count, anything else is nothing.
 *
 * @throws AuthError `AUTH_CONFIG` where it is an environment variable without a value
 */
export function asText(found: unknown, { value, type }: Typed, property: string): string {
  if (type === 'env' && (found === undefined || found === ''))
    throw new AuthError('variable-missing', { property, variable: value });
  if (typeof found === 'number' && Number.isFinite(found)) return String(found);
  if (typeof found !== 'string' && !(found instanceof String)) return '';
  const text = String(found);
  const variable = variableIn(text);
  if (variable !== undefined && type !== 'msg' && type !== 'session')
    throw new AuthError('variable-missing', { property, variable });
  return text;
}

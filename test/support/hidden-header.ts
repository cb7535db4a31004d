import { type FlowNode, place, wire } from './flows.ts';

/** A token on a message. */
export const TOKEN = { access_token: 'THE-TOKEN' } as never;
export const BEARER = 'Bearer THE-TOKEN';
/** The helper nodes of these flows. */
export const PLACES = ['answered', 'needed', 'seen'].map(place);

/** An `attach-bearer` node that takes the token from the message. */
export function attach(id: string, output: string, properties: object = {}): FlowNode {
  return wire('attach-bearer', id, [output, 'needed'], { source: 'msg', ...properties });
}

/** The headers that `http request` would send. It enumerates them with `for…in`. */
export function walked(headers: unknown): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name in headers as object) found[name] = (headers as Record<string, unknown>)[name];
  return found;
}

import { type FlowNode, wire } from './flows.ts';
import type { Answerer } from './servers.ts';

/** The core Switch node: 401 goes back, anything else on. */
export function branch(id: string, back: string): FlowNode {
  const rules = [{ t: 'eq', v: '401', vt: 'num' }, { t: 'else' }];
  return wire('switch', id, [back, 'answered'], {
    property: 'statusCode',
    propertyType: 'msg',
    rules,
    checkall: 'false',
  });
}

/** An API that accepts these tokens only. */
export function takes(...tokens: string[]): Answerer {
  return ({ headers, text }) => {
    const token = String(headers.authorization).replace('Bearer ', '');
    return tokens.includes(token)
      ? { body: { token, text } }
      : { status: 401, headers: { 'x-from': 'api' }, body: { error: 'no' } };
  };
}

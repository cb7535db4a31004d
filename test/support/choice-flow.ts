import { CONFIG_NODE_CHOICES, FLAGS, FLOW_NODE_CHOICES } from './choices.ts';

/** A node with one property that has a given value. */
export interface Variant {
  id: string;
  type: string;
  property: string;
  /** The node that shows in its status what is wrong: itself, or one that uses it. */
  shownBy: string;
}

const VARIABLE = 'THE_CHOICE';
const URL = 'https://identity.example';
const CREDENTIALS = { clientId: 'c', clientSecret: 's' };
const KEY = { encryptionKey: 'a passphrase that is long enough' };

/** Properties with which each node is complete. */
const COMPLETE: Record<string, object> = {
  'vgs-token': { account: 'an-account', accountName: 'called' },
  'vg-login': { server: 'a-server', serverName: 'called', username: 'who', password: 'word' },
  'vg-mfa': { code: 'payload', method: 'payload' },
  'vg-logout': { server: 'a-server', serverName: 'called', user: 'who' },
  'attach-bearer': {
    account: 'an-account',
    accountName: 'called',
    server: 'a-server',
    serverName: 'called',
    user: 'who',
  },
  'vgs-account': { credentials: CREDENTIALS },
  'vg-server': { url: URL, applicationId: 'app' },
  'auth-store': { kind: 'redis', url: 'redis://127.0.0.1:1', primary: 'main', credentials: KEY },
};

/** What a property of an imported flow can have besides one of its values. */
const OTHERS = [undefined, null, '', ' ', 'xx', 'Msg', 0, 1, 5, true, false, [], {}, { a: 1 }];
const FLAG_VALUES = ['true', 'false', 'yes', 'True', [true], ['true']];

/** Every value for every property that has a fixed set of values. */
const CASES = [
  ...Object.entries({ ...FLOW_NODE_CHOICES, ...CONFIG_NODE_CHOICES }).flatMap(([type, all]) =>
    Object.entries(all).map(([property, values]) => ({
      type,
      property,
      values: [...values, `${values[0]} `, [values[0]]],
    })),
  ),
  ...Object.entries(FLAGS).flatMap(([type, all]) => all.map((property) => ({ type, property, values: FLAG_VALUES }))),
  { type: 'vg-server', property: 'platform', values: ['SPA', 'any text', ['SPA']] },
];

/**
 * A flow in which each property that has a fixed set of values has each of them, and others.
 *
 * @returns the nodes, in the flow `flow`, and what is different in each
 */
export function choiceFlow(): { flow: object[]; variants: Variant[] } {
  const variables: object[] = [];
  const nodes: object[] = [];
  const variants: Variant[] = [];
  for (const { type, property, values } of CASES) {
    const name = `${VARIABLE}_${type}_${property}`.replace(/\W/g, '_');
    variables.push({ name, value: values[0], type: 'str' });
    for (const value of [...OTHERS, ...values, `\${${name}}`, `$(${name})`]) {
      const id = `${type} ${property} ${JSON.stringify(value)}`;
      const user = userOf(type, id);
      nodes.push(place(type, { id, type, ...COMPLETE[type], [property]: value }), ...user);
      variants.push({ id, type, property, shownBy: user.length > 0 ? `user of ${id}` : id });
    }
  }
  const around = [
    { id: 'env', type: 'global-config', env: variables },
    { id: 'an-account', type: 'vgs-account', practice: true },
    { id: 'a-server', type: 'vg-server', practice: true, credentials: { username: 'plain', password: 'practice' } },
  ];
  return { flow: [...around, ...nodes], variants };
}

/** A flow node that uses a config node, and so shows what is wrong with it. */
function userOf(type: string, id: string): object[] {
  const user = `user of ${id}`;
  if (type === 'vgs-account') return [place('vgs-token', { id: user, type: 'vgs-token', account: id })];
  if (type === 'vg-server') return [place('vg-logout', { id: user, type: 'vg-logout', server: id })];
  if (type !== 'auth-store') return [];
  const account = { id: `account of ${id}`, type: 'vgs-account', store: id, practice: true };
  return [account, place('vgs-token', { id: user, type: 'vgs-token', account: account.id })];
}

/** A flow node in the flow; a config node as it is. */
function place(type: string, node: object): object {
  return type in FLOW_NODE_CHOICES ? { ...node, z: 'flow', x: 200, y: 80, wires: [] } : node;
}

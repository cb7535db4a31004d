/** A node of a flow file. */
export interface FlowFileNode {
  id: string;
  [property: string]: unknown;
}

/**
 * A flow that signs in with an account and with a server by http.
 *
 * @param origin of the server of both
 * @param credentials those that are undefined are left out, as a deploy leaves out credentials that do not change
 * @param changes to nodes, by their IDs
 */
export function secretOwnerFlow(
  origin: string,
  credentials: { account: object | undefined; server: object | undefined },
  changes: Record<string, object>,
): FlowFileNode[] {
  const z = 'tab';
  const at = { z, x: 0, y: 0 };
  const enter = (id: string, to: string): FlowFileNode => ({
    id,
    type: 'http in',
    url: `/${id}`,
    method: 'post',
    wires: [[to]],
    ...at,
  });
  const all: FlowFileNode[] = [
    { id: z, type: 'tab', label: 'owner' },
    {
      id: 'account',
      type: 'vgs-account',
      tokenUrl: `${origin}/token`,
      ...(credentials.account && { credentials: credentials.account }),
    },
    {
      id: 'server',
      type: 'vg-server',
      url: origin,
      applicationId: 'app',
      platform: 'Native',
      ...(credentials.server && { credentials: credentials.server }),
    },
    enter('vgs', 'get'),
    { id: 'get', type: 'vgs-token', account: 'account', wires: [['say'], ['say']], ...at },
    enter('vg', 'login'),
    { id: 'login', type: 'vg-login', server: 'server', wires: [['say'], ['say'], ['say']], ...at },
    { id: 'catch', type: 'catch', wires: [['say']], ...at },
    {
      id: 'say',
      type: 'function',
      func: `msg.payload = { state: msg.auth?.state, code: msg.error?.code, message: msg.error?.message };
             delete msg.headers; return msg;`,
      wires: [['reply']],
      ...at,
    },
    { id: 'reply', type: 'http response', wires: [], ...at },
  ];
  return all.map((node) => ({ ...node, ...changes[node.id] }));
}

import type { FlowNode } from './flows.ts';

/** The parts of a cluster's flow that differ from test to test. */
export interface ClusterFlowOptions {
  /** The properties of the `auth-store`. */
  store: Record<string, unknown>;
  /** More nodes of the flow. @param guard the origin of the Visual Guard server */
  more?: (guard: string) => FlowNode[];
}

/** Secrets and names that must not appear in clear anywhere. */
export const CANARIES = {
  encryptionKey: 'CANARY-passphrase-of-the-store',
  clientSecret: 'CANARY-client-secret',
  password: 'service-stored-password',
};

/** A flow with all nodes of Visual Guard, each behind an `http in`. @param origin of the Visual Guard server @param keys of the store */
export function clusterFlow(
  origin: string,
  options: ClusterFlowOptions,
  keys: object = { encryptionKey: CANARIES.encryptionKey },
): FlowNode[] {
  const entry = (path: string, to: string): FlowNode => ({
    id: `in-${path}`,
    type: 'http in',
    url: `/${path}`,
    method: 'post',
    wires: [[to]],
  });
  const say = (id: string, payload: string, statusCode: number): FlowNode => ({
    id,
    type: 'change',
    rules: [
      { t: 'set', p: 'payload', pt: 'msg', to: payload, tot: 'jsonata' },
      { t: 'set', p: 'statusCode', pt: 'msg', to: String(statusCode), tot: 'num' },
      { t: 'delete', p: 'headers', pt: 'msg' },
    ],
    wires: [['out']],
  });
  const nodes: FlowNode[] = [
    {
      id: 'store',
      type: 'auth-store',
      ...options.store,
      credentials: keys,
    },
    {
      id: 'server',
      type: 'vg-server',
      url: origin,
      applicationId: 'cluster',
      platform: 'Native',
      scope: 'openid offline_access',
      module: 'VGUser',
      mfaCredentials: 'none',
      store: 'store',
      credentials: { clientSecret: CANARIES.clientSecret, username: 'service-stored', password: CANARIES.password },
    },
    entry('login', 'vg-login'),
    {
      id: 'vg-login',
      type: 'vg-login',
      server: 'server',
      username: 'payload.user',
      usernameType: 'msg',
      password: 'payload.password',
      passwordType: 'msg',
      method: 'ask',
      wires: [['as-text'], ['say-mfa'], ['say-refused']],
    },
    entry('choose', 'vg-choose'),
    {
      id: 'vg-choose',
      type: 'vg-mfa',
      action: 'choose',
      method: 'payload.method',
      methodType: 'msg',
      challenge: 'payload.id',
      wires: [['as-text'], ['say-mfa'], ['say-refused']],
    },
    entry('submit', 'vg-submit'),
    {
      id: 'vg-submit',
      type: 'vg-mfa',
      action: 'submit',
      code: 'payload.code',
      challenge: 'payload.id',
      wires: [['as-text'], ['say-mfa'], ['say-refused']],
    },
    entry('use', 'attach'),
    {
      id: 'attach',
      type: 'attach-bearer',
      source: 'vg',
      server: 'server',
      user: 'payload.session',
      userType: 'session',
      wires: [['without-body'], ['say-needed']],
    },
    entry('stored', 'attach-stored'),
    {
      id: 'attach-stored',
      type: 'attach-bearer',
      source: 'vg',
      server: 'server',
      userType: 'stored',
      wires: [['without-body'], ['say-needed']],
    },
    { id: 'without-body', type: 'change', rules: [{ t: 'delete', p: 'payload', pt: 'msg' }], wires: [['request']] },
    { id: 'request', type: 'http request', method: 'GET', ret: 'obj', url: `${origin}/api`, wires: [['out']] },
    entry('logout', 'vg-logout'),
    {
      id: 'vg-logout',
      type: 'vg-logout',
      server: 'server',
      user: 'payload.session',
      userType: 'session',
      wires: [['say-in']],
    },
    entry('logout-user', 'vg-logout-user'),
    {
      id: 'vg-logout-user',
      type: 'vg-logout',
      server: 'server',
      user: 'payload.user',
      userType: 'msg',
      wires: [['say-in']],
    },
    // The answer is JSON, which shows the handle as [redacted].
    {
      id: 'as-text',
      type: 'function',
      func: 'if (msg.auth.session) msg.auth.session = String(msg.auth.session); return msg;',
      outputs: 1,
      wires: [['say-in']],
    },
    say('say-in', '{"at": "in", "auth": auth}', 200),
    say('say-mfa', '{"at": "mfa", "auth": auth}', 200),
    say('say-refused', '{"at": "refused", "auth": auth}', 200),
    say('say-needed', '{"at": "needed", "auth": auth}', 200),
    { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['say-error']] },
    say('say-error', '{"error": error.code}', 500),
    { id: 'out', type: 'http response', wires: [] },
    ...(options.more?.(origin) ?? []),
  ];
  return [
    { id: 'tab', type: 'tab', label: 'cluster' },
    ...nodes.map((node) => (node.wires ? { z: 'tab', x: 0, y: 0, ...node } : node)),
  ];
}

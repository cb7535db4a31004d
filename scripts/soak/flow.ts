import { PRACTICE_PASSWORD, PRACTICE_VGS_URL } from '../../src/core/practice-defaults.ts';
import { PRACTICE_USERS } from '../../src/practice/users.ts';

/** The bound of sessions: low, so that it is reached before the first measurement. */
export const SESSION_BOUND = 100;

/** The number of messages of each kind that reached their end. */
export type Traffic = Record<'get' | 'vgs' | 'vg' | 'api' | 'rejected' | 'person' | 'needed' | 'caught', number>;

const KINDS: (keyof Traffic)[] = ['get', 'vgs', 'vg', 'api', 'rejected', 'person', 'needed', 'caught'];

interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** A flow node. Every output leads to these nodes. */
function wire(type: string, id: string, outputs: readonly string[], properties: object = {}): FlowNode {
  return { id, type, z: 'tab', x: 0, y: 0, wires: outputs.map((output) => (output ? [output] : [])), ...properties };
}

function functionNode(id: string, outputs: readonly string[], func: string, more: object = {}): FlowNode {
  return wire('function', id, outputs, {
    func,
    outputs: outputs.length,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
    ...more,
  });
}

/** An inject node that sends one message at this interval in seconds. */
function every(seconds: number, id: string, to: string, func = 'return msg;'): FlowNode[] {
  return [
    wire('inject', `${id}-clock`, [id], {
      props: [],
      repeat: String(seconds),
      crontab: '',
      once: false,
      onceDelay: 0.1,
      topic: '',
    }),
    functionNode(id, [to], func),
  ];
}

/** Counts the messages that arrive, over all deploys. */
function count(kind: keyof Traffic): FlowNode {
  return functionNode(`count-${kind}`, [], `global.set('${kind}', (global.get('${kind}') || 0) + 1);`);
}

/** `GET /soak/measure`: the resources of the process, after a garbage collection. */
function measuring(): FlowNode[] {
  const func = `
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc');
    collect();
    collect();
    const { heapUsed: heap, rss } = process.memoryUsage();
    const open = process.getActiveResourcesInfo();
    const kind = (name) => open.filter((each) => each === name).length;
    const traffic = Object.fromEntries(${JSON.stringify(KINDS)}.map((name) => [name, global.get(name) || 0]));
    msg.payload = { heap, rss, sockets: kind('TCPSocketWrap') + kind('TLSWrap'), timers: kind('Timeout'), traffic };
    return msg;`;
  const libs = ['process', 'v8', 'vm'].map((name) => ({ var: name, module: name }));
  return [
    { id: 'measure-tab', type: 'tab', label: 'measure' },
    wire('http in', 'measure-in', ['measure'], {
      url: '/soak/measure',
      method: 'get',
      upload: false,
      z: 'measure-tab',
    }),
    functionNode('measure', ['measure-out'], func, { libs, z: 'measure-tab' }),
    wire('http response', 'measure-out', [], { statusCode: '', headers: {}, z: 'measure-tab' }),
  ];
}

/** A flow without traffic: only the measurement. */
export function idleFlow(): FlowNode[] {
  return measuring();
}

/** Every kind of traffic. Each version differs from the one before by a name, a scope, or a node that is added or removed. */
export function trafficFlow(origin: string, version: number): FlowNode[] {
  const tokenUrl = origin + new URL(PRACTICE_VGS_URL).pathname;
  const secret = { clientId: 'practice', clientSecret: PRACTICE_PASSWORD };
  // Without the user whose response takes a minute.
  const people = PRACTICE_USERS.map(({ user }) => user).filter((user) => user !== 'slow');
  const person = `
    const people = ${JSON.stringify(people)};
    const next = (global.get('next') || 0) + 1;
    global.set('next', next);
    msg.user = people[next % people.length];
    msg.password = '${PRACTICE_PASSWORD}';
    msg.reset = true;
    return msg;`;
  const httpRequest = {
    method: 'GET',
    ret: 'obj',
    paytoqs: 'ignore',
    url: '',
    tls: '',
    persist: version % 2 === 0,
    proxy: '',
    authType: '',
    senderr: false,
    headers: [],
  };
  const api = (path: string): string => `msg.url = '${origin}${path}'; return msg;`;
  return [
    ...measuring(),
    { id: 'tab', type: 'tab', label: 'traffic' },
    { id: 'account', type: 'vgs-account', name: `version ${version}`, tokenUrl, credentials: secret },
    // Every third version, this is another account.
    {
      id: 'other',
      type: 'vgs-account',
      tokenUrl,
      scope: version % 3 === 0 ? 'cards:write' : '',
      clientAuth: 'header',
      credentials: secret,
    },
    {
      id: 'short',
      type: 'vgs-account',
      practice: true,
      credentials: { clientId: 'short-life', clientSecret: PRACTICE_PASSWORD },
    },
    {
      id: 'server',
      type: 'vg-server',
      url: origin,
      applicationId: 'soak',
      scope: version % 5 === 4 ? 'openid offline_access' : 'openid VGRoles offline_access',
      credentials: { clientSecret: PRACTICE_PASSWORD, username: 'plain', password: PRACTICE_PASSWORD },
    },
    ...every(0.05, 'get-begin', 'get'),
    wire('vgs-token', 'get', ['count-get', 'count-needed'], { account: version % 2 === 0 ? 'account' : 'short' }),
    ...every(0.02, 'vgs-begin', 'vgs', api('/api/cards')),
    wire('attach-bearer', 'vgs', ['vgs-api', 'count-needed'], { source: 'vgs', account: 'other' }),
    wire('http request', 'vgs-api', ['count-vgs'], httpRequest),
    ...every(0.02, 'vg-begin', 'vg', api('/api/people')),
    wire('attach-bearer', 'vg', ['vg-api', 'count-needed'], { source: 'vg', server: 'server' }),
    wire('http request', 'vg-api', ['vg-back'], httpRequest),
    functionNode('vg-back', ['vg', 'count-vg'], 'return msg.statusCode === 401 ? [msg, null] : [null, msg];'),
    // Every token is refused once, so the flow repeats.
    ...every(0.1, 'rejected-begin', 'rejected', api('/api/rejects-each-token-once')),
    wire('attach-bearer', 'rejected', ['rejected-api', 'count-needed'], { source: 'vgs', account: 'account' }),
    wire('http request', 'rejected-api', ['rejected-back'], httpRequest),
    functionNode(
      'rejected-back',
      ['rejected-again', 'count-api'],
      'return msg.statusCode === 401 ? [msg, null] : [null, msg];',
    ),
    functionNode('rejected-again', ['rejected', 'count-rejected'], 'return [msg, { payload: 401 }];'),
    ...every(0.03, 'person-begin', 'person', person),
    wire('vg-login', 'person', ['count-person', 'choose', 'count-person'], {
      server: 'server',
      username: 'user',
      usernameType: 'msg',
      password: 'password',
      passwordType: 'msg',
      method: 'ask',
    }),
    functionNode('choose', ['mfa'], "msg.payload = 'first'; return msg;"),
    wire('vg-mfa', 'mfa', ['count-person', 'count-person', 'count-person'], {
      action: 'choose',
      method: 'payload',
      methodType: 'msg',
    }),
    wire('catch', 'catch', ['count-caught'], { scope: null, uncaught: false }),
    // This node is added and removed.
    ...(version % 4 === 1
      ? [wire('vg-logout', 'logout', ['count-person'], { server: 'server' }), ...every(1, 'logout-begin', 'logout')]
      : []),
    ...KINDS.map(count),
  ];
}

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { ProxyOptions, Variables } from '../../src/http/proxy-choice.ts';
import { certificates } from '../support/certificates.ts';
import { setEnvironment } from '../support/environment.ts';
import { type Credentials, type FlowNode, httpRequest, place } from '../support/flows.ts';
import { type ProxyServer, serveProxy } from '../support/proxy-server.ts';
import { load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { CLIENT, grantsInTurn, vgsFlow } from '../support/token-server.ts';

/** The path of a request: through the proxy `P` or `Q`, or directly to the server. */
type Path = 'P' | 'Q' | 'direct';

interface Row {
  name: string;
  /** In values, `P` and `Q` are the addresses of the proxies, and `PORT` is the port of the server. */
  env?: Variables;
  options?: ProxyOptions;
  /** The core `http proxy` node. */
  node?: { url: string; noproxy?: string[] };
  url?: string;
  path: Path;
  /** The path of the core node, if it is different: the two exceptions. `none` fails on the way to the proxy. */
  core?: Path | 'none';
}

const HTTPS = 'https://localhost:PORT/token';
/** A name that does not exist: a direct request fails, and no proxy has received it. */
const HTTP = 'http://id.example.test:PORT/token';

const ROWS: Row[] = [
  { name: 'no variable', path: 'direct' },
  { name: 'HTTPS_PROXY', env: { HTTPS_PROXY: 'P' }, path: 'P' },
  { name: 'https_proxy before HTTPS_PROXY', env: { https_proxy: 'P', HTTPS_PROXY: 'Q' }, path: 'P' },
  { name: 'HTTP_PROXY alone, for https', env: { HTTP_PROXY: 'P' }, path: 'direct' },
  { name: 'HTTP_PROXY alone, for http', env: { HTTP_PROXY: 'P' }, url: HTTP, path: 'P' },
  { name: 'HTTPS_PROXY alone, for http', env: { HTTPS_PROXY: 'P' }, url: HTTP, path: 'direct' },
  { name: 'ALL_PROXY', env: { ALL_PROXY: 'P' }, path: 'P' },
  { name: 'ALL_PROXY, for http', env: { ALL_PROXY: 'P' }, url: HTTP, path: 'P' },
  { name: 'an empty https_proxy beside ALL_PROXY', env: { https_proxy: '', ALL_PROXY: 'P' }, path: 'P' },
  { name: 'an empty https_proxy beside HTTP_PROXY', env: { https_proxy: '', HTTP_PROXY: 'P' }, path: 'direct' },
  { name: 'npm_config_https_proxy', env: { npm_config_https_proxy: 'P', https_proxy: 'Q' }, path: 'P' },
  { name: 'npm_config_proxy', env: { npm_config_proxy: 'P', all_proxy: 'Q' }, path: 'P' },
  { name: 'NO_PROXY: *', env: { https_proxy: 'P', NO_PROXY: '*' }, path: 'direct' },
  { name: 'NO_PROXY: a host', env: { https_proxy: 'P', NO_PROXY: 'a.test localhost' }, path: 'direct' },
  { name: 'NO_PROXY: a host with the port', env: { https_proxy: 'P', NO_PROXY: 'localhost:PORT' }, path: 'direct' },
  { name: 'NO_PROXY: another port', env: { https_proxy: 'P', NO_PROXY: 'localhost:1' }, path: 'P' },
  { name: 'NO_PROXY: a parent', env: { http_proxy: 'P', NO_PROXY: 'example.test' }, url: HTTP, path: 'P' },
  { name: 'NO_PROXY: a leading dot', env: { http_proxy: 'P', NO_PROXY: '.example.test' }, url: HTTP, path: 'direct' },
  { name: 'NO_PROXY: a wildcard', env: { http_proxy: 'P', NO_PROXY: '*.test' }, url: HTTP, path: 'direct' },
  {
    name: 'NO_PROXY: a wildcard with a port',
    env: { http_proxy: 'P', NO_PROXY: '*.test:PORT' },
    url: HTTP,
    path: 'direct',
  },
  { name: 'user and password in the address', env: { https_proxy: 'USER@P' }, path: 'P' },
  { name: 'lowerCaseOnly', env: { HTTPS_PROXY: 'P' }, options: { lowerCaseOnly: true }, path: 'direct' },
  {
    name: 'favourUpperCase',
    env: { https_proxy: 'P', HTTPS_PROXY: 'Q' },
    options: { favourUpperCase: true },
    path: 'Q',
  },
  {
    name: 'excludeNpm',
    env: { npm_config_https_proxy: 'P', https_proxy: 'Q' },
    options: { excludeNpm: true },
    path: 'Q',
  },
  { name: 'proxyOptions.env', env: { https_proxy: 'P' }, options: { env: { https_proxy: 'Q' } }, path: 'Q' },
  { name: 'mode legacy', env: { http_proxy: 'P', https_proxy: 'Q' }, options: { mode: 'legacy' }, path: 'P' },
  {
    name: 'mode legacy, NO_PROXY: a part of the address',
    env: { http_proxy: 'P', NO_PROXY: 'localhost' },
    options: { mode: 'legacy' },
    path: 'direct',
  },
  { name: 'NR_PROXY_MODE', env: { NR_PROXY_MODE: 'legacy', http_proxy: 'P', https_proxy: 'Q' }, path: 'P' },
  { name: 'an http proxy node', env: { https_proxy: 'P', no_proxy: 'localhost' }, node: { url: 'Q' }, path: 'Q' },
  { name: 'the list of an http proxy node', node: { url: 'P', noproxy: ['a.test', 'localhost'] }, path: 'direct' },
  { name: 'a dot in the list of a node', node: { url: 'P', noproxy: ['.test'] }, url: HTTP, path: 'direct' },
  { name: 'a parent in the list of a node', node: { url: 'P', noproxy: ['example.test'] }, url: HTTP, path: 'P' },
  // The two exceptions.
  {
    name: 'http to this machine',
    env: { http_proxy: 'P' },
    url: 'http://localhost:PORT/token',
    path: 'direct',
    core: 'P',
  },
  { name: 'a proxy without a scheme', env: { https_proxy: 'BARE-P' }, path: 'P', core: 'none' },
];

/** Makes the core node read the environment again: it reads `NR_PROXY_MODE` when its file is loaded. */
function loadCoreAnew(): void {
  const { cache } = createRequire(import.meta.url);
  for (const file of Object.keys(cache))
    if (/network\/(lib\/proxyHelper|21-httprequest)\.js$/.test(file)) delete cache[file];
}

describe('a request takes the same path as the core http request node', () => {
  const made = certificates();
  const credentials: Credentials = { account: CLIENT, tls: { cadata: made.ca } };
  let servers: Record<'https:' | 'http:', TestServer>;
  let proxies: Record<'P' | 'Q', ProxyServer>;

  beforeEach(async () => {
    loadCoreAnew();
    servers = { 'https:': await serve(grantsInTurn(), { tls: made.server }), 'http:': await serve(grantsInTurn()) };
    proxies = { P: await serveProxy(), Q: await serveProxy() };
  });
  after(loadCoreAnew);

  /** The path of the request that `run` makes. */
  async function pathOf(run: () => Promise<unknown>): Promise<Path> {
    for (const { connected } of Object.values(proxies)) connected.length = 0;
    await run();
    const used = (['P', 'Q'] as const).filter((name) => proxies[name].connected.length > 0);
    assert.ok(used.length < 2, `both proxies were used`);
    return used[0] ?? 'direct';
  }

  for (const { name, env = {}, options, node, url: where = HTTPS, path, core = path } of ROWS) {
    it(`${name}: ${path}${core === path ? '' : ', unlike the core node'}`, async () => {
      const { port } = servers[new URL(where.replace('PORT', '1')).protocol as 'https:' | 'http:'];
      const fill = (text: string): string =>
        text
          .replace('PORT', String(port))
          .replace(/^USER@P$/, `http://robot:THE-PROXY-PASSWORD@127.0.0.1:${proxies.P.port}`)
          .replace(/^BARE-P$/, `127.0.0.1:${proxies.P.port}`)
          .replace(/^[PQ]$/, (letter) => proxies[letter as 'P' | 'Q'].url);
      const fillAll = (variables: Variables): Variables =>
        Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, fill(value ?? '')]));
      setEnvironment(fillAll(env));
      const url = fill(where);
      const via = node ? { proxy: 'proxy' } : {};
      const nodes: FlowNode[] = [
        { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
        ...(node ? [{ id: 'proxy', type: 'http proxy', noproxy: [], ...node, url: fill(node.url) }] : []),
        ...vgsFlow(url, { tls: 'tls', insecureHttp: true, ...via }),
        httpRequest('core', 'answered', { tls: 'tls', url, method: 'POST', ...via }),
        place('answered'),
      ];
      const proxyOptions = options && { ...options, ...(options.env ? { env: fillAll(options.env) } : {}) };
      const flow = await load(nodes, credentials, proxyOptions ? { proxyOptions } : {});

      assert.equal(await pathOf(() => flow.ask('get')), path);
      const login = path === 'direct' ? undefined : proxies[path].connected[0]?.authorization;
      // The core node speaks TLS to a proxy without TLS, so no request arrives there.
      assert.equal(await pathOf(() => flow.ask('core')), core === 'none' ? 'direct' : core);
      if (path !== 'direct' && core === path) assert.equal(login, proxies[path].connected[0]?.authorization);
    });
  }

  for (const scheme of ['socks', 'socks4', 'socks5', 'SOCKS5H']) {
    it(`a ${scheme} proxy is not supported, and the error says so`, async () => {
      setEnvironment({ ALL_PROXY: `${scheme}://127.0.0.1:1080` });
      const flow = await load(vgsFlow('https://id.example.test/token'), credentials);
      assert.match(flow.status('get'), /proxy-socks/);
      const { msg } = await flow.ask('get');
      assert.equal(msg.error?.code, 'AUTH_CONFIG');
      assert.match(
        msg.error?.message ?? '',
        /The proxy in "ALL_PROXY" is a SOCKS proxy, which is not supported. Use an HTTP proxy.$/,
      );
    });
  }

  for (const refusal of ['refuses a tunnel', 'closes the connection when asked for a tunnel']) {
    it(`a proxy that ${refusal} forwards plain http, as with curl`, async () => {
      const behind = await serve(grantsInTurn());
      const { P } = proxies;
      P.status = 405;
      P.forward = behind.port;
      setEnvironment({ http_proxy: refusal === 'refuses a tunnel' ? P.url : behind.origin });
      const flow = await load(vgsFlow('http://id.example.test/token', { insecureHttp: true }), credentials);
      const { at, msg } = await flow.ask('get');
      assert.equal(at, 'token', msg.error?.message);
      assert.deepEqual(
        behind.requests.map(({ path, form }) => [path, form.get('client_id')]),
        [['http://id.example.test/token', CLIENT.clientId]],
      );
    });
  }
});

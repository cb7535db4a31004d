import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import fc from 'fast-check';
import { chooseProxy, type ProxyOptions, type Variables } from '../../src/http/proxy-choice.ts';
import { restoreEnvironment, setEnvironment, withoutProxies } from '../support/environment.ts';

type CoreHelper = { getProxyForUrl(url: string, options: object): string | undefined };

/** The helper of the core `http request` node, loaded again each time, because it reads `NR_PROXY_MODE` when it is loaded. */
function coreHelper(version: string): CoreHelper {
  const ofVersion = createRequire(createRequire(import.meta.url).resolve(version));
  const nodes = path.dirname(ofVersion.resolve('@node-red/nodes/package.json'));
  const source = readFileSync(path.join(nodes, 'core/network/lib/proxyHelper.js'), 'utf8');
  const module = { exports: {} };
  vm.runInThisContext(`(function (module, process, URL) {${source}\n})`)(module, process, URL);
  return module.exports as CoreHelper;
}

const P = 'http://proxy.test:3128';
const Q = 'http://other.test:8080';
const TO = 'https://id.example.org/connect/token';

/** Variables, the address if it is not `TO`, and `proxyOptions`. */
const ROWS: [name: string, env: Variables, url?: string, options?: ProxyOptions][] = [
  ['nothing', {}],
  ['https_proxy', { https_proxy: P }],
  ['HTTPS_PROXY', { HTTPS_PROXY: P }],
  ['both cases', { https_proxy: P, HTTPS_PROXY: Q }],
  ['both cases, upper first', { https_proxy: P, HTTPS_PROXY: Q }, TO, { favourUpperCase: true }],
  ['upper case, lower alone allowed', { HTTPS_PROXY: P }, TO, { lowerCaseOnly: true }],
  ['HTTP_PROXY alone, https', { HTTP_PROXY: P }],
  ['HTTP_PROXY alone, http', { HTTP_PROXY: P }, 'http://id.example.org/'],
  ['an empty https_proxy beside HTTPS_PROXY', { https_proxy: '', HTTPS_PROXY: P }],
  ['an empty https_proxy beside ALL_PROXY', { https_proxy: '', ALL_PROXY: P }],
  ['all_proxy', { all_proxy: P }],
  ['ALL_PROXY beside https_proxy', { ALL_PROXY: P, https_proxy: Q }],
  ['npm_config_https_proxy first', { npm_config_https_proxy: P, https_proxy: Q }],
  ['npm_config_proxy after https_proxy', { npm_config_proxy: P, https_proxy: Q }],
  ['npm_config_proxy before all_proxy', { npm_config_proxy: P, all_proxy: Q }],
  ['npm_config_* left out', { npm_config_https_proxy: P, npm_config_proxy: P, all_proxy: Q }, TO, { excludeNpm: true }],
  ['npm_config_no_proxy first', { https_proxy: P, npm_config_no_proxy: 'a.test', no_proxy: '*' }],
  ['NO_PROXY of all', { https_proxy: P, NO_PROXY: '*' }],
  ['NO_PROXY of all in a list', { https_proxy: P, NO_PROXY: 'a.test,*' }],
  ['NO_PROXY, exact', { https_proxy: P, NO_PROXY: 'id.example.org' }],
  ['NO_PROXY, a parent', { https_proxy: P, NO_PROXY: 'example.org' }],
  ['NO_PROXY, a leading dot', { https_proxy: P, NO_PROXY: '.example.org' }],
  ['NO_PROXY, a leading dot, itself', { https_proxy: P, NO_PROXY: '.id.example.org' }],
  ['NO_PROXY, a wildcard with a dot', { https_proxy: P, NO_PROXY: '*.example.org' }],
  ['NO_PROXY, a wildcard without a dot', { https_proxy: P, NO_PROXY: '*ple.org' }],
  ['NO_PROXY, capitals', { https_proxy: P, NO_PROXY: 'ID.Example.ORG' }],
  ['NO_PROXY, the port of the scheme', { https_proxy: P, NO_PROXY: 'id.example.org:443' }],
  ['NO_PROXY, another port', { https_proxy: P, NO_PROXY: 'id.example.org:8443' }],
  ['NO_PROXY, port 0', { https_proxy: P, NO_PROXY: 'id.example.org:0' }],
  ['NO_PROXY, a port of its own', { https_proxy: P, NO_PROXY: '.org:8443' }, 'https://id.example.org:8443/'],
  ['NO_PROXY, blanks and empty entries', { https_proxy: P, NO_PROXY: ' a.test , , id.example.org ' }],
  ['NO_PROXY, an IPv6 address', { https_proxy: P, NO_PROXY: '[2001:db8::1]' }, 'https://[2001:db8::1]:8443/'],
  ['NO_PROXY, a part of the name', { https_proxy: P, NO_PROXY: 'example' }],
  ['legacy', { http_proxy: P }, TO, { mode: 'legacy' }],
  ['legacy, both cases', { http_proxy: P, HTTP_PROXY: Q }, TO, { mode: 'legacy' }],
  ['legacy, https_proxy', { https_proxy: P }, TO, { mode: 'legacy' }],
  ['legacy, NO_PROXY with a part', { http_proxy: P, NO_PROXY: 'example' }, TO, { mode: 'legacy' }],
  ['legacy, an empty entry', { http_proxy: P, NO_PROXY: 'a.test,' }, TO, { mode: 'legacy' }],
  ['legacy, both lists', { http_proxy: P, no_proxy: 'example', NO_PROXY: 'a.test' }, TO, { mode: 'legacy' }],
  ['an unknown mode', { https_proxy: P }, TO, { mode: 'strange' }],
];

for (const version of ['node-red', 'node-red-5']) {
  describe(`the proxy for an address, as ${version} chooses it`, () => {
    beforeEach(withoutProxies);
    afterEach(restoreEnvironment);

    /** Compares the choice of the core node with the choice of this package. */
    function compare(url: string, options: ProxyOptions): string {
      const expected = coreHelper(version).getProxyForUrl(url, options) ?? '';
      const chosen = chooseProxy(new URL(url), options);
      assert.equal(chosen?.address ?? '', expected, JSON.stringify([url, options]));
      return expected;
    }

    for (const [name, env, url = TO, options = {}] of ROWS) {
      it(`${name}, in the environment and in proxyOptions.env`, () => {
        const inOptions = compare(url, { ...options, env });
        setEnvironment(env);
        assert.equal(compare(url, options), inOptions);
      });
    }

    for (const mode of ['legacy', 'strict', 'strange']) {
      it(`NR_PROXY_MODE=${mode} takes precedence over proxyOptions`, () => {
        for (const name of ['NR_PROXY_MODE', 'nr_proxy_mode']) {
          setEnvironment({ NR_PROXY_MODE: undefined, nr_proxy_mode: undefined, [name]: mode });
          for (const own of ['legacy', 'strict']) compare(TO, { mode: own, env: { http_proxy: P, all_proxy: Q } });
        }
      });
    }

    it('names the variable', () => {
      assert.equal(chooseProxy(new URL(TO), { env: { ALL_PROXY: P } })?.variable, 'ALL_PROXY');
      assert.equal(chooseProxy(new URL(TO), { mode: 'legacy', env: { http_proxy: P } })?.variable, 'http_proxy');
    });

    it('any combination', () => {
      const names = ['http', 'https', 'all'].flatMap((each) => [`${each}_proxy`, `npm_config_${each}_proxy`]);
      const address = fc.constantFrom('', P, Q);
      const list = fc
        .array(fc.constantFrom('*', '', 'b.org', '.b.org', '*.b.org', 'a.b.org', 'A.B.ORG:443', 'b:80', ':443', '.'))
        .map((entries) => entries.join(','));
      const variables = fc.record(
        Object.fromEntries([
          ...[...names, 'npm_config_proxy']
            .flatMap((name) => [name, name.toUpperCase()])
            .map((name) => [name, address]),
          ...['no_proxy', 'NO_PROXY', 'npm_config_no_proxy'].map((name) => [name, list]),
        ]),
        { requiredKeys: [] },
      );
      const options = fc.record({
        mode: fc.constantFrom('strict', 'legacy', undefined),
        lowerCaseOnly: fc.constantFrom(true, false, 'true'),
        favourUpperCase: fc.boolean(),
        excludeNpm: fc.boolean(),
      });
      const url = fc.constantFrom('https://a.b.org/x', 'http://a.b.org/', 'https://b.org:8443/', 'http://b/');
      const helper = coreHelper(version);
      fc.assert(
        fc.property(url, variables, options, (to, env, more) => {
          const chosen = chooseProxy(new URL(to), { ...more, env: env as Variables });
          assert.equal(chosen?.address ?? '', helper.getProxyForUrl(to, { ...more, env }) ?? '');
        }),
        { seed: 1, numRuns: 2000 },
      );
    });
  });
}

// The additional code of the session store dialog. It gets it with RED.plugins.getPlugin('vg-auth-store').
(() => {
  const PACKAGE = '@vg-auth/node-red-vg-auth/';

  /** The shortest encryption key, in characters. The runtime warns about a shorter one. */
  const SHORTEST_KEY = 16;

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const tester = () => RED.plugins.getPlugin('vg-auth-test');

  /** The names of the context stores in settings.js. */
  function contexts() {
    return RED.settings.context?.stores || [];
  }

  /** Fills the select of context stores. Its first entry is the default one, which may be named so, too. */
  function listContexts(node) {
    const select = shared().inputOf(node, 'context');
    const others = contexts().filter((name) => name !== 'default' || node.context === name);
    others.forEach((name) => {
      $('<option>').val(name).text(name).appendTo(select);
    });
    select.val(node.context || '');
  }

  // Validators return true, or a message. Node-RED itself accepts ${NAME}.

  function checkContext(node, value) {
    if (shared().read(node, 'kind') !== 'context' || !value || contexts().length === 0) return true;
    return (
      contexts().indexOf(value) !== -1 || shared().translate(`${PACKAGE}auth-store:check.context`, { name: value })
    );
  }

  const isRedis = (node) => shared().read(node, 'kind') === 'redis';

  /** A configuration error with the text of the running node. */
  function fault(name, property) {
    const label = RED._(`${PACKAGE}auth-store:label.${property}`);
    return shared().say(`errors.${name}`, { property: label });
  }

  /** The addresses in a text, as in src/store/redis-address.ts: only the first one needs a scheme. */
  function addressesOf(text) {
    return text
      .trim()
      .split(/\s*,\s*(?=[a-z]+:\/\/)/i)
      .flatMap((group) => {
        const [, scheme = '', rest = group] = /^([a-z]+:)\/\/(.*)$/is.exec(group) || [];
        const at = rest.lastIndexOf('@');
        const places = rest.slice(at + 1).split(',');
        return places.map((place, index) => ({
          scheme: scheme.toLowerCase(),
          userinfo: index === 0 ? rest.slice(0, at + 1) : '',
          place: place.trim(),
        }));
      });
  }

  function isAddress({ scheme, userinfo, place }) {
    try {
      const { hostname, pathname } = new URL(`${scheme}//${userinfo}${place}`);
      return /^rediss?:$/.test(scheme) && hostname !== '' && /^\/?\d{0,9}$/.test(pathname);
    } catch (_notAnAddress) {
      return false;
    }
  }

  function checkUrl(node, value) {
    if (!isRedis(node)) return true;
    const plain = shared().checkText(node, 'url', value);
    if (plain !== true) return plain;
    const topology = shared().read(node, 'topology');
    const all = addressesOf(String(value));
    const isEncoded = ({ userinfo }) => !/[/?#@]/.test(userinfo.slice(0, -1)) && !/%(?![0-9a-f]{2})/i.test(userinfo);
    if (all.some((each) => !isEncoded(each))) return fault('store-password-encoding', 'url');
    if (!all.every(isAddress)) return RED._(`${PACKAGE}auth-store:check.url`);
    if (all.some(({ scheme }) => scheme !== all[0].scheme)) return fault('store-schemes-mixed', 'url');
    if (all.length > 1 && topology !== 'sentinel' && topology !== 'cluster') {
      return fault('store-addresses-several', 'url');
    }
    if (topology === 'cluster' && all.some(({ place }) => /\/0*[1-9]/.test(place))) {
      return fault('store-database-in-cluster', 'url');
    }
    return all.every(({ userinfo }) => !userinfo.includes(':')) || RED._(`${PACKAGE}auth-store:check.url-password`);
  }

  function checkPrimary(node, value) {
    if (!isRedis(node) || shared().read(node, 'topology') !== 'sentinel') return true;
    return shared().checkText(node, 'primary', value);
  }

  function checkPrefix(node, value) {
    const plain = shared().checkPlain(node, 'prefix', value);
    if (plain !== true || !isRedis(node) || shared().read(node, 'topology') !== 'cluster') return plain;
    return !/^[^{]*\{\}/.test(String(value)) || fault('store-prefix-braces', 'prefix');
  }

  /** A TLS configuration would be ignored with redis://. */
  function checkTls(node, value) {
    const place = shared().checkPlace(node, 'tls', value);
    const isChosen = !!value && value !== '_ADD_' && isRedis(node);
    if (place !== true || !isChosen) return place;
    return !/^\s*redis:/i.test(String(shared().read(node, 'url'))) || fault('store-tls-unused', 'url');
  }

  /** The editor does not have a stored encryption key, so it accepts that. */
  function checkKey(node, value) {
    if (shared().isBlank(value)) return shared().checkText(node, 'encryptionKey', value);
    const isLong = value === '__PWRD__' || Array.from(String(value)).length >= SHORTEST_KEY;
    return isLong || RED._(`${PACKAGE}auth-store:check.encryptionKey`);
  }

  /** The result of a test, in lines. */
  function lines(node, verdict) {
    const { good, bad, note, noAnswer } = tester();
    const failed = noAnswer(node, verdict);
    if (failed) return failed;
    const found = [
      good(shared().translate(`${PACKAGE}auth-store:test.works`, { host: verdict.host, took: verdict.took })),
    ];
    if (verdict.otherKey) found.push(bad(RED._(`${PACKAGE}auth-store:test.other-key`)));
    if (verdict.survives === false) found.push(bad(RED._(`${PACKAGE}auth-store:test.not-kept`)));
    else if (verdict.window > 0)
      found.push(note(shared().translate(`${PACKAGE}auth-store:test.window`, { seconds: verdict.window })));
    return found;
  }

  RED.plugins.registerPlugin('vg-auth-store', {
    type: 'vg-auth',
    listContexts: listContexts,
    checkContext: checkContext,
    checkUrl: checkUrl,
    checkPrimary: checkPrimary,
    checkPrefix: checkPrefix,
    checkTls: checkTls,
    checkKey: checkKey,
    lines: lines,
  });
})();

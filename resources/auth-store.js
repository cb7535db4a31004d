// What the dialog of a session store needs besides. It finds it with RED.plugins.getPlugin('vg-auth-store').
(() => {
  const PACKAGE = '@vg-auth/node-red-vg-auth/';

  /** The shortest encryption key, in characters. The runtime warns of a shorter one. */
  const SHORTEST_KEY = 16;

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const tester = () => RED.plugins.getPlugin('vg-auth-test');

  /** The names of the context stores in settings.js. */
  function contexts() {
    return RED.settings.context?.stores || [];
  }

  /** Fills the select of context stores. */
  function listContexts(node) {
    const select = shared().inputOf(node, 'context');
    contexts().forEach((name) => {
      $('<option>').val(name).text(name).appendTo(select);
    });
    select.val(node.context || '');
  }

  // Validators: true, or a sentence. Node-RED itself takes ${NAME} for valid.

  function checkContext(node, value) {
    if (shared().read(node, 'kind') !== 'context' || !value || contexts().length === 0) return true;
    return contexts().indexOf(value) !== -1 || RED._(`${PACKAGE}auth-store:check.context`, { name: value });
  }

  function checkUrl(node, value) {
    if (shared().read(node, 'kind') !== 'redis') return true;
    const plain = shared().checkText(node, 'url', value);
    if (plain !== true) return plain;
    let url;
    try {
      url = new URL(String(value).trim());
    } catch (_notAnAddress) {
      return RED._(`${PACKAGE}auth-store:check.url`);
    }
    if (!/^rediss?:$/.test(url.protocol) || url.hostname === '') return RED._(`${PACKAGE}auth-store:check.url`);
    return url.password === '' || RED._(`${PACKAGE}auth-store:check.url-password`);
  }

  /** An encryption key that is stored is not known here. */
  function checkKey(node, value) {
    if (shared().isBlank(value)) return shared().checkText(node, 'encryptionKey', value);
    const isLong = value === '__PWRD__' || Array.from(String(value)).length >= SHORTEST_KEY;
    return isLong || RED._(`${PACKAGE}auth-store:check.encryptionKey`);
  }

  /** What can be done about a cause, where that is known. */
  function adviceOf(cause) {
    const advice = RED._(`${PACKAGE}auth-store:cause.${cause}`);
    // Without a text there comes the key.
    return typeof advice === 'string' && !advice.endsWith(`cause.${cause}`) ? advice : undefined;
  }

  /** What a test found, in lines. */
  function lines(node, verdict) {
    const { good, bad, note, noAnswer } = tester();
    const failed = noAnswer(node, verdict);
    if (failed) {
      const advice = verdict.values && adviceOf(verdict.values.cause);
      return advice ? [...failed, note(advice)] : failed;
    }
    const found = [good(RED._(`${PACKAGE}auth-store:test.works`, { host: verdict.host, took: verdict.took }))];
    if (verdict.otherKey) found.push(bad(RED._(`${PACKAGE}auth-store:test.other-key`)));
    if (verdict.survives === false) found.push(bad(RED._(`${PACKAGE}auth-store:test.not-kept`)));
    else if (verdict.window > 0)
      found.push(note(RED._(`${PACKAGE}auth-store:test.window`, { seconds: verdict.window })));
    return found;
  }

  RED.plugins.registerPlugin('vg-auth-store', {
    type: 'vg-auth',
    listContexts: listContexts,
    checkContext: checkContext,
    checkUrl: checkUrl,
    checkKey: checkKey,
    lines: lines,
  });
})();

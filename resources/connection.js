// What the dialogs of a service account and of a server have in common. They get it with
// RED.plugins.getPlugin('vg-auth-connection').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** A part of the dialog that is no property, as `#vg-server-more`. */
  function partOf(node, name) {
    return $(`#${node.type}-${name}`);
  }

  /**
   * Shows what the address needs: nothing for the practice server, TLS for https, and a permission for http.
   *
   * @param address the property with the address
   * @returns whether the practice server is used
   */
  function adapt(node, address) {
    const { read, show, isInsecure } = shared();
    const isPractice = read(node, 'practice');
    const url = read(node, address);
    const hasHttp = isInsecure(url) || isInsecure(read(node, 'testUrl'));
    if (hasHttp && !isPractice) partOf(node, 'more').prop('open', true);
    partOf(node, 'practice').toggle(isPractice);
    partOf(node, 'howto').toggle(!isPractice);
    show(node, [address, 'proxy'], !isPractice);
    show(node, ['tls'], !isPractice && !/^\s*http:/i.test(url));
    show(node, ['insecureHttp'], !isPractice && (hasHttp || read(node, 'insecureHttp')));
    return isPractice;
  }

  /**
   * Prepares the folds, Test, the variables and the secrets.
   *
   * @param address the property with the address
   * @param texts the properties in which a variable can stand
   * @param choices the other properties that Test sends
   * @param rare the properties in the fold "More"
   * @param next the secrets that come next
   * @param test what Test needs in addition: `more`, `isServer`
   */
  function prepare(node, { address, texts, choices, rare, next, test }) {
    const { isBlank, read } = shared();
    RED.plugins.getPlugin('vg-auth-more').prepareMore(node, partOf(node, 'more'), rare);
    partOf(node, 'rotation').prop(
      'open',
      next.some((property) => !isBlank(read(node, property))),
    );
    RED.plugins.getPlugin('vg-auth-test').prepareTest(node, {
      button: partOf(node, 'test'),
      area: partOf(node, 'test-result'),
      address: address,
      properties: [...texts, ...choices, 'tls', 'proxy', 'insecureHttp', 'practice'],
      ...test,
    });
    RED.plugins.getPlugin('vg-auth-variables').watchVariables(node, texts);
    RED.plugins.getPlugin('vg-auth-secrets').prepareSecrets(node);
  }

  RED.plugins.registerPlugin('vg-auth-connection', { type: 'vg-auth', adapt: adapt, prepare: prepare });
})();

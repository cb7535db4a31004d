// A warning if a node uses the stored user of a server that stores none. A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-stored-user').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /**
   * Finds out whether a server stores a user. The editor has the credentials of a config node only after its dialog was
   * open; otherwise a request to Node-RED is needed.
   *
   * @param tell is called with the answer, at once or later; not at all if there is none
   */
  function ask(server, tell) {
    if (server.practice === true) tell(true);
    else if (server.credentials?.username !== undefined) tell(!shared().isBlank(server.credentials.username));
    else
      $.getJSON(`credentials/vg-server/${encodeURIComponent(server.id)}`, ({ username }) =>
        tell(!shared().isBlank(username)),
      );
  }

  /**
   * Shows a warning while the stored user is chosen and the server has none.
   *
   * @param property the property with the user: `user` or `username`
   * @param isOn whether the node uses the server; by default it always does
   */
  function watchStoredUser(node, property, isOn) {
    const input = shared().inputOf(node, property);
    const warning = $('<div role="status">').hide().appendTo(input.closest('.form-row'));
    const sign = $('<i class="fa fa-exclamation-triangle" aria-hidden="true">');
    const text = document.createTextNode('');
    warning.append(sign, ' ', text);
    const adapt = () => {
      const server = RED.nodes.node(shared().read(node, 'server'));
      const isByName = shared().read(node, 'serverNameType') !== 'fixed';
      const isStored = shared().read(node, `${property}Type`) === 'stored';
      warning.hide();
      if (!server || isByName || !isStored || (isOn && !isOn())) return;
      ask(server, (hasUser) => {
        const isSame =
          server.id === shared().read(node, 'server') && shared().read(node, `${property}Type`) === 'stored';
        if (!isSame) return;
        text.nodeValue = shared().say('check.no-stored-user', { server: RED.utils.getNodeLabel(server, server.id) });
        warning.toggle(!hasUser);
      });
    };
    ['server', 'serverName', property].forEach((each) => {
      shared().inputOf(node, each).on('change', adapt);
    });
    return adapt;
  }

  RED.plugins.registerPlugin('vg-auth-stored-user', { type: 'vg-auth', watchStoredUser: watchStoredUser });
})();

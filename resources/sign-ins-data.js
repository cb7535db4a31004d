// Requests of the tab Sign-ins, and their helpers. Each part gets it with RED.plugins.getPlugin('vg-auth-sign-ins-data').
(() => {
  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const say = (key, values) => view().say(`fault.${key}`, values);

  const mayRead = () => RED.user.hasPermission('vg-auth.read');
  const mayAct = () => RED.user.hasPermission('vg-auth.write');

  /** How much the clocks of Node-RED and of this browser may differ, in ms: a response has the time in whole seconds. */
  const SMALL = 2000;
  /** How far Node-RED's clock is ahead of that of this browser, in ms. */
  let ahead = 0;

  /** The time now by Node-RED's clock, in ms since 1970. */
  const now = () => Date.now() + ahead;

  /** Learns Node-RED's clock from a response: the end of a challenge is a time of that clock. */
  function learnClock(request) {
    const difference = Date.parse(request.getResponseHeader('Date')) + 500 - Date.now();
    // It is not a number if a proxy has removed the header.
    ahead = Math.abs(difference) > SMALL ? difference : 0;
  }

  // Node-RED adds its access token to relative URLs only.

  function get(path) {
    return $.ajax({ url: `vg-auth/${path}`, dataType: 'json', cache: false }).done((_reply, _status, request) =>
      learnClock(request),
    );
  }

  function post(path, body) {
    return $.ajax({
      url: `vg-auth/${path}`,
      type: 'POST',
      dataType: 'json',
      contentType: 'application/json',
      data: JSON.stringify(body || {}),
    });
  }

  /** Why a request failed, in words. */
  function faultOf(request) {
    if (request.status === 401 || request.status === 403) return say('not-allowed');
    const { message } = request.responseJSON || {};
    return typeof message === 'string' ? message : say('no-runtime');
  }

  /** The config node in the editor for the id of a running one. One in a subflow has the id of the instance before its own. */
  function configNode(id) {
    return RED.nodes.node(id) || RED.nodes.node(id.slice(id.lastIndexOf('-') + 1));
  }

  /** The name of an account or store. If it has none, its label in the editor; or its id, if the editor does not have it. */
  function nameOf({ name, id }) {
    const node = configNode(id);
    return view().short(name || (node && RED.utils.getNodeLabel(node)) || id);
  }

  /**
   * The entries of an account that need a human. A human who answers a challenge or signs the user in also releases the messages
   * of that user: that is one thing to do, so it is one entry, with the number of all messages on hold as `waiting`. If messages
   * of other users are left after that, they become an entry then.
   */
  function needsOfAccount(account) {
    const { id, state, challenge, waiting = 0 } = account;
    // A failing account is not listed: it may work again without help. Its challenge can be answered nevertheless.
    const kind = challenge ? 'challenge' : state;
    const hold = waiting > 0 ? [{ key: `waiting ${id}`, kind: 'waiting', account: account }] : [];
    if (kind === 'challenge' || kind === 'needs-human') {
      const key = `${kind} ${challenge ? challenge.id : id}`;
      return [{ key: key, kind: kind, account: account, waiting: waiting }];
    }
    const isNeed = kind === 'refused' || kind === 'misconfigured';
    return isNeed ? [{ key: `${kind} ${id}`, kind: kind, account: account }, ...hold] : hold;
  }

  /**
   * The entries that need a human, the most urgent first: each with a `key`, its `kind`, and the account or store.
   *
   * @param reply of `GET vg-auth/accounts`
   */
  function needsOf({ accounts, stores }) {
    const needs = accounts.flatMap(needsOfAccount);
    const gone = stores.filter(({ state }) => state === 'gone');
    const all = [...needs, ...gone.map((store) => ({ key: `store ${store.id}`, kind: 'store', store: store }))];
    const order = ['challenge', 'needs-human', 'waiting', 'refused', 'store', 'misconfigured'];
    return all.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  }

  /** Opens the dialog of a config node. @returns a message, if it cannot be opened */
  function openConfig({ id, type }) {
    const node = configNode(id);
    if (!node || (type && node.type !== type)) return say('not-in-editor');
    if ($('.red-ui-tray').length > 0) return say('dialog-open');
    RED.editor.editConfig('', node.type, node.id);
    return undefined;
  }

  /** The node on the canvas for the id of a running node. One in a subflow has the id of the instance before its own. */
  function drawnNode(id) {
    for (let at = id; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('-')))) {
      const node = RED.nodes.node(at);
      if (node) return node;
    }
    return undefined;
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-data', {
    type: 'vg-auth',
    now: now,
    mayRead: mayRead,
    mayAct: mayAct,
    get: get,
    post: post,
    faultOf: faultOf,
    nameOf: nameOf,
    needsOf: needsOf,
    openConfig: openConfig,
    drawnNode: drawnNode,
  });
})();

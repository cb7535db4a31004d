// What a node has that was saved without a property, or with a variable in place of a tick. A dialog finds it with
// RED.plugins.getPlugin('vg-auth-properties').
(() => {
  const isAbsent = (value) => value === undefined || value === null;

  /** The default of a property, which a node has that was saved without it. settings.js may give new nodes another one. */
  function defaultOf(node, property) {
    const { value, _override, _originalValue } = node._def.defaults[property] || {};
    return _override ? _originalValue : value;
  }

  /** What a property or credential is in the node. A property that is absent has its default. */
  function kept(node, property) {
    if (node._def.credentials?.[property]) return node.credentials?.[property];
    return isAbsent(node[property]) ? defaultOf(node, property) : node[property];
  }

  function inputOf(node, property) {
    return $((node._def.category === 'config' ? '#node-config-input-' : '#node-input-') + property);
  }

  /** What the dialog shows in place of a property that it could not show as it is; undefined if it can. */
  function standIn(node, property) {
    const value = node[property];
    if (isAbsent(value)) return defaultOf(node, property);
    const isTick = inputOf(node, property).attr('type') === 'checkbox';
    return isTick && typeof value !== 'boolean' ? value === 'true' : undefined;
  }

  /**
   * Shows what a node was saved with: the default of each property that is absent, and beside a tick the variable that it
   * comes from. While the dialog is open the node has what is shown: else Node-RED takes it for a change. Afterwards the
   * node is as it was saved.
   */
  function showSaved(node, form) {
    // A new config node is kept with all its properties. Node-RED does not know it yet.
    if (!RED.nodes.node(node.id)) return;
    const replaced = [];
    Object.keys(node._def.defaults).forEach((property) => {
      const shown = standIn(node, property);
      if (isAbsent(shown)) return;
      const was = node[property];
      replaced.push({ property: property, was: was, shown: shown });
      node[property] = shown;
      const input = inputOf(node, property);
      if (input.attr('type') === 'checkbox') {
        input.prop('checked', shown);
        if (!isAbsent(was)) input.closest('.form-row').append($('<code style="margin-left: 4px">').text(String(was)));
      } else if (!node._def.defaults[property].type) input.val(shown);
    });
    completeCredentials(node);
    // jQuery UI tells of elements that go.
    form.on('remove', () => {
      replaced.forEach(({ property, was, shown }) => {
        if (node[property] !== shown) return;
        if (was === undefined) delete node[property];
        else node[property] = was;
      });
    });
  }

  /** A credential that is not stored is absent, too. Node-RED would take its empty field for a change. */
  function completeCredentials(node) {
    if (!node.credentials) return;
    const stored = node.credentials._ || {};
    node.credentials._ = stored;
    Object.entries(node._def.credentials || {}).forEach(([property, { type }]) => {
      const [name, none] = type === 'text' ? [property, ''] : [`has_${property}`, false];
      if (node.credentials[name] !== undefined) return;
      node.credentials[name] = none;
      stored[name] = none;
    });
  }

  RED.plugins.registerPlugin('vg-auth-properties', {
    type: 'vg-auth',
    kept: kept,
    showSaved: showSaved,
  });
})();

// Nodes that were saved without a property, or with a variable as the value of a check box. A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-properties').
(() => {
  const isAbsent = (value) => value === undefined || value === null;

  /** The default of a property that is absent. settings.js can set another default, but only for new nodes. */
  function defaultOf(node, property) {
    const { value, _override, _originalValue } = node._def.defaults[property] || {};
    return _override ? _originalValue : value;
  }

  /** The value of a property or credential in the node; the default if the property is absent. */
  function kept(node, property) {
    if (node._def.credentials?.[property]) return node.credentials?.[property];
    return isAbsent(node[property]) ? defaultOf(node, property) : node[property];
  }

  function inputOf(node, property) {
    return $((node._def.category === 'config' ? '#node-config-input-' : '#node-input-') + property);
  }

  /** The value that the dialog shows for a property that it cannot show unchanged; undefined if it can. */
  function standIn(node, property) {
    const value = node[property];
    if (isAbsent(value)) return defaultOf(node, property);
    const isTick = inputOf(node, property).attr('type') === 'checkbox';
    return isTick && typeof value !== 'boolean' ? value === 'true' : undefined;
  }

  /**
   * Shows the values with which a node was saved: the default of each property that is absent, and next to a check box
   * the variable that sets it. While the dialog is open, the node has the values that are shown; otherwise Node-RED would
   * see a change. After that, the node has its saved values again.
   */
  function showSaved(node, form) {
    // Node-RED does not have a new config node yet, and saves it with all its properties.
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
    // jQuery UI triggers `remove` when the dialog closes.
    form.on('remove', () => {
      replaced.forEach(({ property, was, shown }) => {
        if (node[property] !== shown) return;
        if (was === undefined) delete node[property];
        else node[property] = was;
      });
    });
  }

  /** Adds credentials that are not stored. Otherwise Node-RED would see a change in their empty fields. */
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
    defaultOf: defaultOf,
    kept: kept,
    showSaved: showSaved,
  });
})();

// Nodes that were saved without a property, with a variable as the value of a checkbox, or with an unknown value. A dialog
// gets this code with RED.plugins.getPlugin('vg-auth-properties').
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
    if (isTick) return typeof value === 'boolean' ? undefined : value === 'true';
    // jQuery would select `body` for ['body'].
    const isNoText = typeof value !== 'string' && RED.plugins.getPlugin('vg-auth-choices').isList(node, property);
    return isNoText ? JSON.stringify(value) : undefined;
  }

  /**
   * Shows next to a checkbox the value with which the node was saved: a variable, or an unknown value, with a sentence
   * about it. It stays until somebody uses the checkbox.
   *
   * @param shown the value that the checkbox shows
   * @returns `isUsed`: whether somebody has used it
   */
  function showBesideTick(node, property, shown) {
    const { isKnown, sentence } = RED.plugins.getPlugin('vg-auth-choices');
    const input = inputOf(node, property);
    const was = node[property];
    const row = input.closest('.form-row');
    const text = typeof was === 'object' ? JSON.stringify(was) : String(was);
    const saved = $('<code style="margin-left: 4px">').text(text).appendTo(row);
    const fault = $('<div class="vg-auth-unknown">').text(sentence(node, property));
    if (!isKnown(node, property, was)) {
      input.data('vg-auth-unknown', was);
      row.append(fault);
    }
    // Test sends it.
    if (typeof was === 'string') input.data('vg-auth-written', was);
    const use = { isUsed: false };
    input.on('change', () => {
      const isTicked = input.prop('checked');
      use.isUsed = use.isUsed || isTicked !== shown;
      if (!use.isUsed) return;
      input.removeData('vg-auth-unknown').removeData('vg-auth-written');
      fault.remove();
      saved.remove();
      // Node-RED saves the checkbox if it differs from the value of the node, and it takes 1 and true for equal.
      node[property] = Number(was) === Number(isTicked) ? undefined : was;
    });
    return use;
  }

  /**
   * Shows the values with which a node was saved: the default of each property that is absent, and next to a checkbox
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
      const input = inputOf(node, property);
      const isTick = input.attr('type') === 'checkbox';
      if (isTick) input.prop('checked', shown);
      const use = isTick && !isAbsent(was) ? showBesideTick(node, property, shown) : { isUsed: false };
      replaced.push({ property: property, was: was, shown: shown, use: use });
      node[property] = shown;
      if (!isTick && !node._def.defaults[property].type) input.val(shown);
    });
    completeCredentials(node);
    // jQuery UI triggers `remove` when the dialog closes.
    form.on('remove', () => {
      replaced.forEach(({ property, was, shown, use }) => {
        if (node[property] !== (use.isUsed ? undefined : shown)) return;
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
      // A secret of an import is not stored yet. The deploy sends it because it differs from what is stored.
      if (type !== 'text' && node.credentials[property]) {
        node.credentials[name] = true;
        stored[name] = none;
        return;
      }
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

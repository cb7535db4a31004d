// The rows of a dialog that few people need, in the section "More". A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-more').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** Whether a property differs from its default. A list of config nodes has `_ADD_` if none is chosen. */
  function isSet(node, property) {
    const { defaultOf } = RED.plugins.getPlugin('vg-auth-properties');
    const plain = (value) => (value === undefined || value === null || value === '_ADD_' ? '' : String(value).trim());
    return plain(shared().read(node, property)) !== plain(defaultOf(node, property));
  }

  /** Opens the section if one of its properties is set or has an unknown value, so that nobody overlooks it. */
  function prepareMore(node, fold, properties) {
    const { isUnknown } = RED.plugins.getPlugin('vg-auth-choices');
    fold.prop(
      'open',
      properties.some((property) => isSet(node, property) || isUnknown(node, property)),
    );
  }

  RED.plugins.registerPlugin('vg-auth-more', { type: 'vg-auth', prepareMore: prepareMore });
})();

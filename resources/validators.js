// The common part of all validators of this package. They get it with RED.plugins.getPlugin('vg-auth-validators').
(() => {
  /** The longest sentence, in characters. */
  const LONGEST = 300;
  /** The replacements of the characters that are markup. */
  const LOOKALIKES = { '<': '\u2039', '>': '\u203a', '&': '\uff06' };

  /**
   * Makes a sentence safe that repeats a value of a flow. Node-RED shows it as text in a dialog and as HTML in the
   * sidebar of config nodes, so an escape such as `&lt;` would be visible in one of them. Therefore each character that is
   * markup is replaced by one that looks alike. Invisible characters, and characters that change the direction of the
   * text, are replaced by the replacement character.
   */
  function plain(text) {
    const safe = String(text)
      .replace(/[<>&]/g, (character) => LOOKALIKES[character])
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
    return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe;
  }

  /**
   * The result of a node's `validate`.
   *
   * @param check gets the plugin `vg-auth`, which has the checks, and returns true, or a message
   * @returns the same, with a message that is safe as text and as HTML; false if the check throws, because Node-RED
   * would put the ID of the node and the text of the error into a message of its own
   */
  function validate(check) {
    try {
      const found = check(RED.plugins.getPlugin('vg-auth'));
      return typeof found === 'string' ? plain(found) : found === true;
    } catch (_unexpected) {
      return false;
    }
  }

  /**
   * Validates each node of this package again. If the package is installed while a flow that needs it is open, Node-RED
   * validates its nodes before this plugin is there, and marks all of them as invalid.
   */
  function validateAll() {
    let isAny = false;
    const validateOwn = (node) => {
      if (node._def?.set?.module !== '@vg-auth/node-red-vg-auth') return;
      RED.editor.validateNode(node);
      isAny = true;
    };
    // A flow node is invalid if its config node is.
    RED.nodes.eachConfig(validateOwn);
    RED.nodes.eachNode(validateOwn);
    if (isAny) RED.view.redraw();
  }

  RED.plugins.registerPlugin('vg-auth-validators', {
    type: 'vg-auth',
    plain: plain,
    validate: validate,
    validateAll: validateAll,
  });
})();

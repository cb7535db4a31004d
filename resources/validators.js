// What every validator of this package goes through. It is found with RED.plugins.getPlugin('vg-auth-validators').
(() => {
  /** The longest sentence, in characters. */
  const LONGEST = 300;
  /** What stands for the characters of which HTML is made. */
  const LOOKALIKES = { '<': '\u2039', '>': '\u203a', '&': '\uff06' };

  /**
   * Makes a sentence safe that repeats a value of a flow. Node-RED shows it as text in a dialog and as HTML in the
   * sidebar of config nodes, so an escape such as `&lt;` would be read in one of them. Therefore a character that looks
   * alike takes the place of each that is markup. Characters that nobody sees, or that turn the direction of the text,
   * are shown as the replacement character.
   */
  function plain(text) {
    const safe = String(text)
      .replace(/[<>&]/g, (character) => LOOKALIKES[character])
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
    return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe;
  }

  /**
   * What a node's `validate` returns.
   *
   * @param check gets the plugin `vg-auth`, which has the checks, and returns true, or what is wrong as a sentence
   * @returns the same, with a sentence that is safe as text and as HTML; false if the check throws, because Node-RED
   *   would put the id of the node and the words of the error into a sentence of its own
   */
  function validate(check) {
    try {
      const found = check(RED.plugins.getPlugin('vg-auth'));
      return typeof found === 'string' ? plain(found) : found === true;
    } catch (_unexpected) {
      return false;
    }
  }

  RED.plugins.registerPlugin('vg-auth-validators', { type: 'vg-auth', plain: plain, validate: validate });
})();

// Properties with a fixed set of values: lists, checkboxes, and the types of values. An imported flow can have any other
// value in them. A dialog gets this code with RED.plugins.getPlugin('vg-auth-choices').
(() => {
  const NAME = ['fixed', 'msg', 'flow', 'global', 'env'];
  const USER = ['stored', 'session', 'msg', 'flow', 'global', 'env', 'str'];
  const FLAG = 'flag';
  const TEXT = 'text';

  /** The values of each of these properties, as the running nodes read them. `FLAG` is true or false, `TEXT` is any text. */
  const CHOICES = {
    'vgs-account': { clientAuth: ['body', 'header'], byName: FLAG, practice: FLAG, insecureHttp: FLAG },
    'vg-server': {
      mfaCredentials: ['none', 'username', 'username+password'],
      platform: TEXT,
      byName: FLAG,
      practice: FLAG,
      insecureHttp: FLAG,
      keepAlive: FLAG,
    },
    'auth-store': { kind: ['context', 'redis'], topology: ['single', 'sentinel', 'cluster'] },
    'vgs-token': { accountNameType: NAME },
    'vg-login': {
      serverNameType: NAME,
      usernameType: ['stored', 'msg', 'flow', 'global', 'env', 'str'],
      passwordType: ['stored', 'msg', 'flow', 'global', 'env'],
      method: ['ask', 'first', 'otp-sms', 'otp-email', 'otp-whatsapp', 'otp-app', 'link-sms', 'link-email'],
    },
    'vg-mfa': {
      action: ['submit', 'choose'],
      codeType: ['msg', 'flow', 'global'],
      methodType: ['msg', 'str'],
      challengeType: ['msg', 'flow', 'global'],
    },
    'vg-logout': { serverNameType: NAME, userType: USER },
    'attach-bearer': {
      source: ['vgs', 'vg', 'msg'],
      accountNameType: NAME,
      serverNameType: NAME,
      userType: USER,
      hide: FLAG,
    },
  };

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const isAbsent = (value) => value === undefined || value === null;
  const isList = (node, property) => ![undefined, FLAG].includes(CHOICES[node.type]?.[property]);

  /** Whether Node-RED replaces a value by that of an environment variable. */
  function isVariable(value) {
    return typeof value === 'string' && /^\$(\{\S+\}|\(\S+\))$/.test(value);
  }

  /** Whether Node-RED takes a value for valid without asking a validator. */
  function isUnasked(value) {
    return /^\$(\([a-z_]\w*\)|\{[a-z_]\w*\})$/i.test(String(value));
  }

  /** Whether the running node takes a value of a property. If a property is absent, its default is meant. */
  function isKnown(node, property, value) {
    const choices = CHOICES[node.type]?.[property];
    if (choices === undefined || isAbsent(value) || isVariable(value)) return true;
    if (choices === FLAG) return typeof value === 'boolean' || ['', 'true', 'false'].includes(value);
    if (choices === TEXT) return typeof value !== 'object';
    // In a flow node an empty text is the default.
    return choices.includes(value) || (value === '' && node._def.category !== 'config');
  }

  /** Whether the running node reads a property. */
  function isRead(node, property) {
    if (property === 'topology') return shared().read(node, 'kind') === 'redis';
    if (property !== 'insecureHttp') return true;
    const practice = shared().read(node, 'practice');
    return practice !== true && practice !== 'true' && !isVariable(practice);
  }

  /** The sentence about an unknown value, as the running node has it. */
  function sentence(node, property) {
    const label = shared().labelOf(node, property.replace(/(Name)?Type$/, ''));
    return shared().say('errors.config-value-unknown', { property: label });
  }

  /** The unknown value of a checkbox that the open dialog shows beside it; undefined if there is none. */
  function besideTick(node, property) {
    const input = shared().inputOf(node, property);
    const isOpen = input.closest('form').data('vg-auth-node') === node.id;
    return isOpen ? input.data('vg-auth-unknown') : undefined;
  }

  /** A validator of a property with a fixed set of values: true, or a sentence. */
  function check(node, property, given) {
    const value = besideTick(node, property) ?? given;
    return isKnown(node, property, value) || !isRead(node, property) || sentence(node, property);
  }

  /**
   * A validator of a property that has a type beside it, such as `code` and `codeType`. It reports an unknown type too,
   * because the dialog has one field for both. The running node reads the type even if it does not need the value.
   *
   * @param then the validator for a known type
   */
  function checkWithType(node, property, then) {
    const type = `${property}Type`;
    const checked = check(node, type, shared().read(node, type));
    return checked === true ? then() : checked;
  }

  /** A validator of a `…Type` property, for what `checkWithType` does not report: Node-RED does not ask it about a variable. */
  function checkType(node, type, given) {
    return !isUnasked(shared().read(node, type.replace(/Type$/, ''))) || check(node, type, given);
  }

  /** Whether a property or its type has an unknown value. Then its row is shown, so that the value can be corrected. */
  function isUnknown(node, property) {
    return [property, `${property}Type`].some((each) => check(node, each, shared().read(node, each)) !== true);
  }

  /**
   * The types of a typedInput, with the unknown one of an imported flow: otherwise the field would show none.
   *
   * @param typeField the hidden field with the type
   */
  function withUnknownType(types, typeField) {
    const value = String(typeField.val() ?? '');
    // Node-RED finds the entry of the menu by a selector with the value between quotation marks. A type that has one itself is
    // marked, but not shown, and the field replaces it.
    const isThere = value === '' || /['\\]/.test(value) || types.some((type) => (type.value ?? type) === value);
    return isThere ? types : [...types, { value: value, label: value }];
  }

  /** Puts a value into a select that has no such option, as `${NAME}` or one from an import: it must not be lost. */
  function keepOption(node, property) {
    const value = node[property];
    const select = shared().inputOf(node, property);
    const has = select.find('option').filter(function () {
      return this.value === value;
    });
    if (typeof value !== 'string' || has.length > 0) return;
    select.append($('<option>').val(value).text(value)).val(value);
  }

  RED.plugins.registerPlugin('vg-auth-choices', {
    type: 'vg-auth',
    isList: isList,
    isKnown: isKnown,
    sentence: sentence,
    check: check,
    checkWithType: checkWithType,
    checkType: checkType,
    isUnknown: isUnknown,
    withUnknownType: withUnknownType,
    keepOption: keepOption,
  });
})();

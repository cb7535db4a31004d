// Values that a dialog proposes, and the list of MFA methods. A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-proposals').
(() => {
  /** As `method` in nodes/vg-login.ts, without `ask`. */
  const METHODS = ['first', 'otp-sms', 'otp-email', 'otp-whatsapp', 'otp-app', 'link-sms', 'link-email'];

  const shared = () => RED.plugins.getPlugin('vg-auth');

  /**
   * Proposes a value if a person chooses a type and the field is empty.
   *
   * @param values the proposed values by type, such as `{ msg: 'payload' }`
   * @param chosen is called with the type that was chosen
   */
  function propose(node, property, values, chosen) {
    const input = shared().inputOf(node, property);
    let before = input.typedInput('type');
    input.on('change', () => {
      const type = input.typedInput('type');
      if (type === before) return;
      before = type;
      fillIn(input, values[type]);
      chosen?.(type);
    });
  }

  function fillIn(input, value) {
    if (value && shared().isBlank(input.typedInput('value'))) input.typedInput('value', value);
  }

  /** Suggests the properties of a message with user name and password. The password follows the user name. */
  function proposeCredentials(node) {
    const password = shared().inputOf(node, 'password');
    propose(node, 'password', { msg: 'payload.password' });
    propose(node, 'username', { msg: 'payload.username' }, (type) => {
      if (type === 'msg' && password.typedInput('type') === 'stored') password.typedInput('type', 'msg');
      const isProposed = password.typedInput('type') === 'msg' && password.typedInput('value') === 'payload.password';
      if (type === 'stored' && isProposed) password.typedInput('type', 'stored');
    });
  }

  /** The type of a typedInput that lists the MFA methods, and the value that is saved if it is another one. */
  function methodType(node, label) {
    const others = METHODS.indexOf(node.method) === -1 && node.methodType === 'str' ? [node.method] : [];
    const named = METHODS.map((word) => ({
      value: word,
      label: RED._(`@vg-auth/node-red-vg-auth/vg-login:method.${word}`),
    }));
    return {
      value: 'str',
      label: label,
      icon: 'red/images/typedInput/az.svg',
      default: 'first',
      options: [...named, ...others.map((word) => ({ value: String(word), label: String(word) || '-' }))],
    };
  }

  RED.plugins.registerPlugin('vg-auth-proposals', {
    type: 'vg-auth',
    METHODS: METHODS,
    propose: propose,
    proposeCredentials: proposeCredentials,
    methodType: methodType,
  });
})();

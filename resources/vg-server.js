// The dialog of a Visual Guard server. It gets this code with RED.plugins.getPlugin('vg-auth-vg-server').
(() => {
  // As PRACTICE_USERS in src/practice/users.ts.
  const PEOPLE = [
    'practice',
    'plain',
    'all',
    'sms',
    'email',
    'whatsapp',
    'app',
    'link',
    'link-sms',
    'wrong-code',
    'wrong-then-right',
    'timeout',
    'delivery-failure',
    'new-request',
    'link-at-once',
    'link-cut',
    'link-gateway',
    'slow',
    'cut',
    'gateway',
    'enrollment',
    'missing-email',
    'missing-phone',
    'grace-login',
    'grace-logon',
    'expired-password',
    'weak-password',
    'change-password',
    'dead-password',
    'last-attempt',
    'wrong-password',
    'locks',
    'locked',
    'disabled',
    'expired',
    'not-yet-available',
    'not-approved',
    'not-authorized',
    'canceled',
    'provider-error',
    'version',
    'old-version',
    'group',
    'role',
  ];
  /** The modules that the dialog offers by name. */
  const MODULES = ['VGUser', 'WindowsByCredential', 'Passwordless'];
  const RARE = ['byName', 'scope', 'mfaCredentials', 'keepAlive', 'testUrl', 'store', 'insecureHttp', 'tls', 'proxy'];
  const TEXTS = [
    'url',
    'applicationId',
    'clientSecret',
    'nextClientSecret',
    'scope',
    'module',
    'username',
    'password',
    'testUrl',
  ];

  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** The client id as it is sent; empty without an application id. */
  function clientIdOf(node) {
    const id = shared().read(node, 'applicationId');
    if (shared().isBlank(id)) return '';
    return RED.plugins.getPlugin('vg-auth-secrets').clientIdOf(id, shared().read(node, 'platform'));
  }

  function isWholeClientId(node) {
    return /_(WebApp|SPA|Native|Service)$/i.test(String(shared().read(node, 'applicationId')).trim());
  }

  function isPasswordless(node) {
    return /^\s*passwordless\s*$/i.test(shared().read(node, 'module'));
  }

  /** Shows what is of use with the present values. @param known the list of modules */
  function adapt(node, known) {
    const { show, markRequired } = shared();
    const isPractice = RED.plugins.getPlugin('vg-auth-connection').adapt(node, 'url');
    show(node, ['platform'], !isWholeClientId(node));
    show(node, ['module'], known.val() === '');
    show(node, ['password'], !isPasswordless(node));
    markRequired(node, ['url', 'applicationId'], !isPractice);
    markRequired(node, ['module'], true);
    $('#vg-server-client-id').text(clientIdOf(node));
    $('#vg-server-client-id-row').toggle(clientIdOf(node) !== '');
  }

  /** Prepares the list of modules. @returns the list */
  function prepareModules(node) {
    const known = $('#vg-server-module');
    const module = shared().inputOf(node, 'module');
    known.val(MODULES.includes(node.module) ? node.module : '');
    known.on('change', () => {
      module.val(known.val()).trigger('change');
      if (known.val() === '') module.trigger('focus');
    });
    return known;
  }

  /** Prepares the dialog. */
  function prepare(node) {
    const { inputOf } = shared();
    const { keepOption } = RED.plugins.getPlugin('vg-auth-choices');
    keepOption(node, 'platform');
    keepOption(node, 'mfaCredentials');
    const known = prepareModules(node);
    RED.plugins.getPlugin('vg-auth-scopes').prepareScopes(node, node._def.defaults.scope.value.split(' '), 300);
    RED.plugins.getPlugin('vg-auth-connection').prepare(node, {
      address: 'url',
      texts: TEXTS,
      choices: ['platform', 'mfaCredentials'],
      rare: RARE,
      next: ['nextClientSecret'],
      test: {
        more: () => ({
          signIn: $('#vg-server-test-sign-in').prop('checked'),
          ...(isPasswordless(node) ? { password: '' } : {}),
        }),
        isServer: true,
      },
    });
    ['practice', 'insecureHttp', 'platform', 'url', 'testUrl', 'applicationId', 'module'].forEach((property) => {
      inputOf(node, property).on('input change', () => adapt(node, known));
    });
  }

  RED.plugins.registerPlugin('vg-auth-vg-server', { type: 'vg-auth', people: PEOPLE, prepare: prepare });
})();

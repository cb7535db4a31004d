// Import of a file of the `vgs` CLI into the dialog of a VGS service account, and the commands of the CLI. The dialog gets
// this code with RED.plugins.getPlugin('vg-auth-service-account'). The texts are in the shared catalog, under `import`.
(() => {
  const USUAL_SCOPES = ['cards:write', 'network-tokens:write'];

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const tester = () => RED.plugins.getPlugin('vg-auth-test');
  const scopes = () => RED.plugins.getPlugin('vg-auth-scopes');
  const say = (key, values) => shared().say(`import.${key}`, values);

  /** Quotes a word of a shell command. A placeholder in angle brackets stays unchanged. */
  function forShell(word) {
    return /^[\w@%+=:,./-]+$/.test(word) || /^<[A-Z_]+>$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
  }

  /** Quotes a text for YAML, which accepts JSON strings. */
  function forYaml(text) {
    return /^[a-z][\w-]*(:[a-z][\w-]*)*$/i.test(text) ? text : JSON.stringify(text);
  }

  /** The commands of the `vgs` CLI, and the file between them, for a vault and scopes. */
  function commandsFor({ vaultId, words, clientId }) {
    const vault = vaultId || '<VAULT_ID>';
    const list = (words.length > 0 ? words : USUAL_SCOPES).map((scope) => `    - name: ${forYaml(scope)}`);
    return {
      generate: `vgs generate service-account -t calm --var vault_id=${forShell(vault)} > credentials.yaml`,
      file: [
        'apiVersion: 1.0.0',
        'kind: ServiceAccount',
        'data:',
        '  annotations:',
        `    "vgs.io/vault-id": ${JSON.stringify(vault)}`,
        '  name: calm',
        '  scopes:',
        ...list,
        '',
      ].join('\n'),
      apply: 'vgs apply service-account -O <ORGANIZATION_ID> -f credentials.yaml',
      remove: `vgs delete service-account ${forShell(clientId || '<CLIENT_ID>')} -O <ORGANIZATION_ID>`,
    };
  }

  /** The value of a field; empty if it is a variable. */
  function written(node, property) {
    const value = String(shared().read(node, property) || '').trim();
    return /^\$[{(]/.test(value) ? '' : value;
  }

  /** Updates the commands with the dialog. The keys of `elements` are the names of the commands. */
  function prepareCommands(node, elements) {
    const adapt = () => {
      const commands = commandsFor({
        vaultId: written(node, 'vaultId'),
        words: scopes().wordsOf(written(node, 'scope')),
        clientId: written(node, 'clientId'),
      });
      Object.keys(elements).forEach((name) => {
        elements[name].text(commands[name]);
      });
    };
    Object.keys(elements).forEach((name) => {
      const element = elements[name];
      const button = $('<button type="button" class="red-ui-button red-ui-button-small">').text(say('copy'));
      const what = name === 'file' ? 'credentials.yaml' : `vgs ${name}`;
      button.attr('aria-label', shared().say('punctuation.prefix', { prefix: say('copy'), text: what }));
      button.on('click', () => RED.clipboard.copyText(element.text(), button, 'bottom'));
      element.after(button);
    });
    ['vaultId', 'scope', 'clientId'].forEach((property) => {
      shared().inputOf(node, property).on('input change', adapt);
    });
    adapt();
  }

  /** Fills the fields in from a file. A field without a value in the file stays unchanged. */
  function fillIn(node, file, scopeList) {
    const filled = [];
    const put = (property, value) => {
      if (!value) return;
      shared().inputOf(node, property).val(value).trigger('input').trigger('change');
      filled.push(RED._(`@vg-auth/node-red-vg-auth/vgs-account:label.${property}`));
    };
    if (file.clientId && shared().read(node, 'practice')) {
      shared().inputOf(node, 'practice').prop('checked', false).trigger('change');
    }
    const name = shared().inputOf(node, 'name');
    if (file.name && shared().isBlank(name.val())) {
      name.val(file.name).trigger('change');
      filled.push(RED._('node-red:common.label.name'));
    }
    put('clientId', file.clientId);
    put('clientSecret', file.clientSecret);
    scopeList.offer([...file.scopes, ...file.optionalScopes]);
    put('scope', file.scopes.join(' '));
    put('vaultId', file.vaultIds.join(' '));
    const { good, bad, note } = tester();
    return [
      good(say('filled-in', { labels: tester().listed(filled) })),
      ...(file.clientId ? [note(say('needs-seconds'))] : [bad(say('no-credentials'))]),
      ...(file.optionalScopes.length > 0 ? [note(say('optional', { scopes: file.optionalScopes.join(' ') }))] : []),
      ...(file.vaultIds.length > 1 ? [note(say('several-vaults'))] : []),
    ];
  }

  /** Makes the import work: the file is pasted into `text`, `button` imports it, and `area` shows the answer. */
  function prepareImport(node, { text, button, area, scopeList }) {
    button.on('click', (event) => {
      event.preventDefault();
      tester()
        .post('vgs-account/import', { yaml: String(text.val()) })
        .done((file) => {
          // The dialog may be closed by now. Then the fields belong to another one.
          if (!area[0].isConnected) return;
          if (file.state !== 'read') {
            tester().report(area, [tester().bad(say(`fault.${file.fault}`, file.values))]);
            return;
          }
          tester().report(area, fillIn(node, file, scopeList));
          // The text contains the secret in clear.
          text.val('');
        })
        .fail((request) => tester().report(area, tester().requestLines(request)));
    });
  }

  RED.plugins.registerPlugin('vg-auth-service-account', {
    type: 'vg-auth',
    commandsFor: commandsFor,
    prepareCommands: prepareCommands,
    prepareImport: prepareImport,
  });
})();

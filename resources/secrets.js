// The owners of the secrets of a config node. A dialog gets this code with RED.plugins.getPlugin('vg-auth-secrets').
// The rules are those of nodes/shared/config/secret-owner.ts: with each secret that is entered, the dialog stores its
// owner (server and client), and the running node sends the secret to no other.
(() => {
  const STORED = '__PWRD__';
  const VARIABLE = /^\s*\$(?:\{[^}]+\}|\([^)]+\))\s*$/;
  /** The characters of an address that a sentence may repeat. Node-RED shows the sentence as markup. */
  const PLAIN = /^[\w.:[\]${}(),/@-]+$/;

  const shared = () => RED.plugins.getPlugin('vg-auth');

  /**
   * A property as text, as `readText` in nodes/shared/config/variables.ts: texts, numbers and booleans. The running node
   * refuses a list or an object, so no secret was entered for the text that such a value becomes here.
   */
  function textOf(value) {
    if (value === undefined || value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }

  function urlOf(text) {
    try {
      return new URL(text);
    } catch (_notAnAddress) {
      return undefined;
    }
  }

  /** The origin of a web address; scheme, host and port of a Redis; a variable or several addresses unchanged. */
  function placeOf(address, usualPort) {
    const url = urlOf(address);
    if (!url) return address;
    if (/^https?:$/.test(url.protocol)) return url.origin;
    const isOneRedis = /^rediss?:$/.test(url.protocol) && !address.includes(',');
    return isOneRedis ? `${url.protocol}//${url.hostname.toLowerCase()}:${url.port || usualPort}` : address;
  }

  function ownerOf(address, who, usualPort = 6379) {
    return `${placeOf(textOf(address).trim(), usualPort)} ${textOf(who).trim()}`.trim();
  }

  /** The user in the address of a Redis. */
  function userIn(address) {
    const username = urlOf(address)?.username || '';
    try {
      return decodeURIComponent(username);
    } catch (_notEncoded) {
      return username;
    }
  }

  /** The client id that a Visual Guard server gets, as `clientIdOf` in src/visual-guard/dialect/wire.ts. */
  function clientIdOf(applicationId, platform) {
    const id = textOf(applicationId).trim();
    const suffix = textOf(platform).trim();
    return /_(WebApp|SPA|Native|Service)$/i.test(id) || suffix === '' ? id : `${id}_${suffix}`;
  }

  /** By type of config node: the credential with the owner, the secrets, the property with the address, the owner now. */
  const RULES = {
    'vgs-account': [
      {
        credential: 'secretFor',
        secrets: ['clientSecret', 'nextClientSecret'],
        address: 'tokenUrl',
        owner: (read) => ownerOf(read('tokenUrl'), read('clientId')),
      },
    ],
    'vg-server': [
      {
        credential: 'secretFor',
        secrets: ['clientSecret', 'nextClientSecret'],
        address: 'url',
        owner: (read) => ownerOf(read('url'), clientIdOf(read('applicationId'), read('platform'))),
      },
      {
        credential: 'passwordFor',
        secrets: ['password'],
        address: 'url',
        isUnused: (read) => textOf(read('module')).trim().toLowerCase() === 'passwordless',
        owner: (read) => ownerOf(read('url'), read('username')),
      },
    ],
    'auth-store': [
      {
        credential: 'secretFor',
        secrets: ['encryptionKey', 'previousEncryptionKey', 'password', 'sentinelPassword'],
        address: 'url',
        owner: (read) => {
          if (read('kind') !== 'redis') return 'context';
          const url = textOf(read('url'));
          const user = textOf(read('username')).trim() || userIn(url);
          return ownerOf(url, user, read('topology') === 'sentinel' ? 26379 : 6379);
        },
      },
    ],
  };

  /** The state of the secrets in an open dialog, by node id. */
  const open = new Map();

  const readerOf = (node) => (property) => shared().read(node, property);

  /** Whether no secret leaves Node-RED, so that the owner does not matter. */
  function isLocal(node) {
    return node.type === 'auth-store' ? shared().read(node, 'kind') !== 'redis' : !!shared().read(node, 'practice');
  }

  /** @returns `blank`; `variable`, which has no owner; `typed` in this dialog; `kept` from before */
  function stateOf(node, property) {
    const value = shared().read(node, property);
    const isStored = value === STORED || (value === undefined && node.credentials?.[`has_${property}`]);
    if (isStored) return 'kept';
    if (shared().isBlank(value)) return 'blank';
    if (VARIABLE.test(value)) return 'variable';
    const dialog = open.get(node.id);
    return dialog && (dialog.typed.has(property) || dialog.before[property] !== value) ? 'typed' : 'kept';
  }

  const QUOTED = /^(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|„[^“”]*[“”]|«[^»]*»)$/;

  /** The probable flaw of a secret, as `flawOf` in src/core/secret-flaw.ts. */
  function flawOf(secret) {
    if (/[\r\n]$/.test(secret)) return 'ends-with-line-break';
    if (/[\r\n]/.test(secret)) return 'line-break';
    if (secret !== secret.trim()) return 'blanks';
    return QUOTED.test(secret) ? 'quotes' : undefined;
  }

  /** A warning about a secret that was probably pasted with other characters. The editor does not have stored secrets. */
  function doubt(node, property) {
    const value = textOf(shared().read(node, property));
    const flaw = shared().isBlank(value) || VARIABLE.test(value) ? undefined : flawOf(value);
    const label = RED._(`@vg-auth/node-red-vg-auth/${node.type}:label.${property}`);
    return flaw && shared().say(`test.flaw.${flaw}`, { property: label });
  }

  /** The owner of the secrets of a rule before this dialog. */
  function before(node, { credential }) {
    const dialog = open.get(node.id);
    return textOf(dialog ? dialog.before[credential] : node.credentials?.[credential]).trim();
  }

  /** The secrets of a rule that have another owner. */
  function foreign(node, rule) {
    const typedFor = before(node, rule);
    if (typedFor === '' || typedFor === rule.owner(readerOf(node))) return [];
    return rule.secrets.filter((property) => node._def.credentials[property] && stateOf(node, property) === 'kept');
  }

  /** The secrets that must be entered again, because they would be sent to another owner. */
  function lacking(node, rule) {
    return isLocal(node) || rule.isUnused?.(readerOf(node)) ? [] : foreign(node, rule);
  }

  /** The owner of the secrets of a rule when this dialog is done. */
  function after(node, rule) {
    const states = rule.secrets.filter((each) => node._def.credentials[each]).map((each) => stateOf(node, each));
    if (states.includes('typed'))
      return foreign(node, rule).length > 0 ? before(node, rule) : rule.owner(readerOf(node));
    return states.includes('kept') ? before(node, rule) : '';
  }

  /** The sentence about a secret that must be entered again for this address. */
  function sentence(node, rule) {
    const address = textOf(shared().read(node, rule.address)).trim();
    const host = urlOf(address)?.host || address;
    return shared().say('check.secret-again', { host: PLAIN.test(host) ? host : '…' });
  }

  /** Keeps the owners in the dialog up to date. Call it in `oneditprepare`. */
  function prepareSecrets(node) {
    const rules = RULES[node.type];
    const dialog = { typed: new Set(), before: {} };
    open.set(node.id, dialog);
    rules.forEach((rule) => {
      const properties = [rule.credential, ...rule.secrets.filter((each) => node._def.credentials[each])];
      properties.forEach((property) => {
        dialog.before[property] = shared().inputOf(node, property).val();
      });
      properties.slice(1).forEach((property) => {
        shared()
          .inputOf(node, property)
          .on('input', () => dialog.typed.add(property));
      });
    });
    const form = shared().inputOf(node, rules[0].credential).closest('form');
    const adapt = () => {
      rules.forEach((rule) => {
        shared().inputOf(node, rule.credential).val(after(node, rule));
        const again = lacking(node, rule);
        rule.secrets.forEach((property) => {
          warn(node, property, again.includes(property) ? sentence(node, rule) : doubt(node, property));
        });
      });
    };
    form.on('input change', adapt);
    // jQuery UI triggers `remove` when the dialog closes.
    form.on('remove', () => open.delete(node.id));
    adapt();
  }

  /** Shows a sentence below a secret, or removes it. */
  function warn(node, property, text) {
    const input = shared().inputOf(node, property);
    const id = `vg-auth-secret-${property}`;
    const line = $(`#${id}`);
    if (line.text() === (text || '')) return;
    line.remove();
    if (!text) return;
    const sign = $('<i class="fa fa-exclamation-triangle" aria-hidden="true">');
    $('<div role="status" style="margin-top: 4px; overflow-wrap: anywhere">')
      .attr('id', id)
      .append(sign, ' ', document.createTextNode(text))
      .appendTo(input.closest('.form-row'));
  }

  /** A validator of a secret: true, or a sentence. */
  function checkSecret(node, property) {
    const rule = (RULES[node.type] || []).find(({ secrets }) => secrets.includes(property));
    return rule && lacking(node, rule).includes(property) ? sentence(node, rule) : true;
  }

  /** As `checkSecret`, for all secrets of a node: Node-RED validates credentials only while their dialog is open. */
  function checkSecrets(node) {
    const rule = (RULES[node.type] || []).find((each) => lacking(node, each).length > 0);
    return rule ? sentence(node, rule) : true;
  }

  RED.plugins.registerPlugin('vg-auth-secrets', {
    type: 'vg-auth',
    RULES: RULES,
    clientIdOf: clientIdOf,
    flawOf: flawOf,
    prepareSecrets: prepareSecrets,
    checkSecret: checkSecret,
    checkSecrets: checkSecrets,
  });
})();

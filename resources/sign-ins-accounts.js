// The accounts and servers in the tab Sign-ins. The tab gets it with RED.plugins.getPlugin('vg-auth-sign-ins-accounts').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');
  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const say = (key, values) => view().say(`account.${key}`, values);

  /** The sign of each state, and its color. */
  const SIGNS = {
    unused: ['fa-circle-o'],
    valid: ['fa-check-circle', 'success'],
    renewing: ['fa-refresh'],
    refused: ['fa-ban', 'error'],
    'needs-human': ['fa-key', 'warning'],
    failing: ['fa-times-circle', 'error'],
    misconfigured: ['fa-exclamation-triangle', 'error'],
  };

  /** The state in words, with its end time. */
  function stateText({ state, valid_until: validUntil, retry_at: retryAt }) {
    if (state === 'valid' && validUntil) return say('valid-until', { time: view().timeText(validUntil) });
    const text = view().say(`state.${state}`);
    if (!retryAt) return text;
    const more = say('retry-at', { time: view().timeText(retryAt) });
    return shared().say('punctuation.and', { text: text, more: more });
  }

  /** The facts of an account, as pairs of label and text. Those that are unknown are left out. */
  function factsOf({ practice, host, user, since, state, message, last_renewal: renewal, waiting, counts }) {
    const { requests, hits, waits, refusals } = counts;
    const time = renewal && view().timeText(renewal.at);
    return [
      [say('host'), practice ? say('practice') : host],
      [say('user'), user && view().short(user)],
      [say('since'), view().timeText(since)],
      // What needs a human is shown above.
      [say('message'), state === 'failing' && message],
      [say('renewal'), renewal && say('renewal-took', { time: time, ms: renewal.ms })],
      [say('requests'), shared().numberText(requests)],
      [say('hits'), shared().numberText(hits)],
      [say('waits'), shared().numberText(waits)],
      [say('refusals'), shared().numberText(refusals)],
      [say('waiting'), waiting ? shared().numberText(waiting) : ''],
    ].filter(([, text]) => text);
  }

  function showFacts(table, facts) {
    const texts = JSON.stringify(facts);
    if (table.data('shown') === texts) return;
    table.data('shown', texts).empty();
    facts.forEach(([label, text]) => {
      table.append($('<dt>').text(label), $('<dd>').text(text));
    });
  }

  /** Buttons that reveal the nodes that use an account. */
  function showUsers(area, ids) {
    const users = ids.map((id) => ({ id: id, node: data().drawnNode(id) }));
    const drawn = [...new Map(users.filter(({ node }) => node).map(({ node }) => [node.id, node])).values()];
    const texts = drawn.map((node) => RED.utils.getNodeLabel(node, node.type));
    const now = JSON.stringify([drawn.map(({ id }) => id), texts, ids.length]);
    if (area.data('shown') === now) return;
    area.data('shown', now).empty();
    area.append(view().line(ids.length === 0 ? say('unused') : say('used-by')));
    drawn.forEach((node, index) => {
      const reveal = view().button(texts[index], () => RED.view.reveal(node.id));
      area.append(reveal.attr('title', say('reveal')));
    });
  }

  /** Makes a row. @returns the function that shows an account in it */
  function row(content, tab) {
    let account;
    const sign = $('<span class="vg-auth-sign">');
    const name = $('<strong class="vg-auth-name">');
    const state = $('<span class="vg-auth-state">');
    const more = view().icon('fa-angle-right').addClass('vg-auth-more');
    const summary = $('<summary>').append(sign, $('<span class="vg-auth-title">').append(name, state), more);
    const facts = $('<dl>');
    const users = $('<div class="vg-auth-users">');
    const buttons = $('<div class="vg-auth-row">');
    const answer = $('<div class="vg-auth-line" role="status">');
    content.append($('<details>').append(summary, facts, users, buttons, answer));

    const actions = ['renew', 'sign-in', 'sign-out'].map((action) => {
      const click = () =>
        tab.act(account, action).then(
          (reply) => view().setText(answer, say(`done.${action}`, { state: stateText(reply) })),
          (request) => view().setText(answer, data().faultOf(request)),
        );
      return [action, view().button(say(action), click).appendTo(buttons)];
    });

    return ({ account: given }) => {
      account = given;
      const [shape, color] = SIGNS[account.state] || SIGNS.unused;
      if (sign.data('shown') !== shape) sign.data('shown', shape).empty().append(view().icon(shape, color));
      view().setText(name, data().nameOf(account));
      view().setText(state, stateText(account));
      showFacts(facts, factsOf(account));
      showUsers(users, account.nodes);
      const isServer = account.type === 'vg-server';
      actions.forEach(([action, button]) => {
        // A service account signs in by a renewal. A server without a stored user has nobody to sign in.
        const fits = isServer ? !!account.user : action !== 'sign-in';
        button.toggle(data().mayAct() && fits && account.state !== 'misconfigured');
      });
    };
  }

  /** Makes the section. @param tab see `sign-ins-tab.js` */
  function make(part, tab) {
    const none = view().line(say('none')).appendTo(part.content);
    const sync = view().list(
      part.content,
      view().say('section.accounts'),
      (content) => row(content, tab),
      () => part.header.trigger('focus'),
    );
    return (accounts) => {
      sync(accounts.map((account) => ({ key: account.id, account: account })));
      none.toggle(accounts.length === 0);
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-accounts', { type: 'vg-auth', make: make });
})();

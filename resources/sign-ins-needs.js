// The entries that need a human. The tab Sign-ins gets it with RED.plugins.getPlugin('vg-auth-sign-ins-needs').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');
  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const challenges = () => RED.plugins.getPlugin('vg-auth-sign-ins-challenge');
  const say = (key, values) => view().say(`needs.${key}`, values);

  const ICONS = {
    challenge: 'fa-key',
    'needs-human': 'fa-user',
    waiting: 'fa-hourglass-half',
    refused: 'fa-ban',
    store: 'fa-database',
    misconfigured: 'fa-exclamation-triangle',
  };

  /** The message about an entry that needs a human. */
  function sentenceOf({ kind, account, store }) {
    if (kind === 'waiting') return say('waiting', { count: account.waiting });
    if (kind === 'store') {
      const text = say('store', { time: view().timeText(store.since) });
      return store.message ? shared().say('punctuation.sentences', { text: text, more: store.message }) : text;
    }
    return account.message || say('misconfigured');
  }

  /** Makes the card of an entry that is no challenge. @param held the line about the messages on hold */
  function plainCard(content, tab, held) {
    let shown = {};
    const what = view().line();
    const retry = view().line();
    const buttons = $('<div class="vg-auth-row">');
    const answer = $('<div class="vg-auth-line" role="status">');
    content.append(what, held, retry, buttons, answer);
    const open = view().button(say('open'), () => {
      const { account, store } = shown;
      view().setText(answer, data().openConfig(store ? { id: store.id, type: 'auth-store' } : account) || '');
    });
    const signIn = view().button('', () => {
      const { account } = shown;
      return tab
        .act(account, 'sign-in')
        .done(() => view().setText(answer, say('tried', { time: view().timeText(Date.now()) })))
        .fail((request) => view().setText(answer, data().faultOf(request)));
    });
    buttons.append(open, signIn);
    return {
      tick: () => undefined,
      show: (need) => {
        shown = need;
        const { kind, account } = need;
        view().setText(what, sentenceOf(need));
        const retryAt = kind === 'waiting' ? undefined : account?.retry_at;
        view().setText(retry, retryAt ? say('retry-at', { time: view().timeText(retryAt) }) : '');
        open.toggle(RED.user.hasPermission('flows.write'));
        view().setText(signIn, say(kind === 'needs-human' ? 'sign-in' : 'again'));
        // Messages may be on hold for users of other messages only: then there is nobody to sign in here.
        const canSignIn = ['refused', 'needs-human'].includes(kind) || (kind === 'waiting' && !!account.user);
        signIn.toggle(data().mayAct() && canSignIn);
      },
    };
  }

  /**
   * Makes the section.
   *
   * @param tab see `sign-ins-tab.js`
   * @returns `show` for the entries that need a human; `tick`, once a second while the tab is open
   */
  function make(part, tab) {
    const none = view().line(say('none')).appendTo(part.content);
    const cards = new Map();
    const sync = view().list(
      part.content,
      view().say('section.needs'),
      (content) => {
        let card;
        const sign = $('<span class="vg-auth-sign">');
        const name = $('<strong class="vg-auth-name">');
        const head = $('<div class="vg-auth-head">').append(sign, name).appendTo(content);
        const held = view().line();
        return (need) => {
          const { key, kind, account, store, waiting } = need;
          if (!card) {
            sign.append(view().icon(ICONS[kind], 'warning'));
            card = (kind === 'challenge' ? challenges().card : plainCard)(content, tab, held);
            if (card.left) head.append(card.left);
            cards.set(key, card);
          }
          view().setText(name, data().nameOf(account || store));
          view().setText(held, waiting > 0 ? say('waiting', { count: waiting }) : '');
          card.show(kind === 'challenge' ? account : need);
        };
      },
      () => part.header.trigger('focus'),
    );
    return {
      show: (needs) => {
        sync(needs);
        const keys = new Set(needs.map(({ key }) => key));
        for (const key of [...cards.keys()]) if (!keys.has(key)) cards.delete(key);
        none.toggle(needs.length === 0);
        const title = view().say('section.needs');
        view().setText(
          part.title,
          needs.length > 0 ? shared().say('punctuation.parentheses', { text: title, detail: needs.length }) : title,
        );
      },
      tick: () => {
        cards.forEach((card) => {
          card.tick();
        });
      },
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-needs', { type: 'vg-auth', make: make });
})();

// The last events in the tab Sign-ins. The tab gets it with RED.plugins.getPlugin('vg-auth-sign-ins-events').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** The number of events that Node-RED keeps. */
  const MOST = 100;

  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const say = (key, values) => view().say(`event.${key}`, values);

  /** The names of the events that Node-RED reports. Unknown names are shown unchanged. */
  const SIGN_INS = ['sign-in', 'refused', 'sign-out', 'needs-human', 'code-sent', 'link-sent'];
  const KNOWN = [...SIGN_INS, 'failing', 'recovered', 'store-lost', 'store-back'];

  function textOf({ event, reason }) {
    const word = event.replace(/^vg-auth\./, '');
    if (!KNOWN.includes(word)) return word;
    const text = say(word);
    const why = reason && RED.plugins.getPlugin('vg-auth-sign-ins-challenge').reasonText(reason);
    return why ? shared().say('punctuation.prefix', { prefix: text, text: why }) : text;
  }

  /** Makes a row. An event does not change. */
  function row(content) {
    const what = $('<strong class="vg-auth-name">');
    const at = $('<span class="vg-auth-left">');
    const who = view().line();
    content.append($('<div class="vg-auth-head">').append(what, at), who);
    return ({ event }) => {
      view().setText(what, textOf(event));
      view().setText(at, view().timeText(event.at));
      const { account, user, by } = event;
      const parts = [data().nameOf(account), user && view().short(user), by && say('by', { user: by })];
      view().setText(who, parts.filter((part) => part).join(' · '));
    };
  }

  /** Makes the section. @returns `refresh` requests the new events, or all if Node-RED was restarted */
  function make(part) {
    let events = [];
    const none = view().line(say('none')).appendTo(part.content);
    const sync = view().list(part.content, view().say('section.events'), row);

    function show(reply) {
      // Two requests at the same time return the same events.
      const fresh = reply.events.filter(({ n }) => events.length === 0 || n > events[0].n);
      events = [...fresh.reverse(), ...events].slice(0, MOST);
      sync(events.map((event) => ({ key: `${event.n} ${event.at}`, event: event })));
      none.toggle(events.length === 0);
    }

    return {
      refresh: (isRestarted) => {
        if (isRestarted) events = [];
        if (!view().isOpen(part)) return;
        data()
          .get(`events?after=${events.length > 0 ? events[0].n : 0}`)
          .done(show)
          .fail((request) => view().setText(none, data().faultOf(request)).show());
      },
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-events', { type: 'vg-auth', make: make });
})();

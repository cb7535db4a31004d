// The sidebar tab Sign-ins. `nodes/sign-ins.html` adds it with RED.plugins.getPlugin('vg-auth-sign-ins-tab').
(() => {
  const ID = 'vg-auth-sign-ins';
  const PACKAGE = '@vg-auth/node-red-vg-auth';
  const ACTION = 'vg-auth:show-sign-ins';
  /** While the tab is open, the accounts are requested at least once in this time, in ms. */
  const PAUSE = 20_000;
  /** Between two requests for the accounts, in ms. */
  const LEAST_PAUSE = 500;

  const part = (name) => RED.plugins.getPlugin(`vg-auth-sign-ins-${name}`);
  const say = (key, values) => part('view').say(key, values);

  /** The current tab; undefined before and after. */
  let tab;

  /** The data of the tab for the sidebar. */
  function optionsOf(content) {
    return {
      id: ID,
      label: say('label'),
      name: say('label'),
      iconClass: 'fa fa-id-badge',
      content: content,
      enableOnEdit: true,
      action: ACTION,
    };
  }

  /** Whether a person can see the tab. */
  const isLooked = () => !!tab?.isVisible && !document.hidden;

  /** Requests the accounts, and shows them. All calls during a request cause one more request after it. */
  function ask() {
    if (!tab) return;
    if (!part('data').mayRead()) {
      tab.content.deny(say('denied'));
      part('notice').badge(tab.options, 0);
      return;
    }
    if (tab.isAsking) {
      tab.isAskedAgain = true;
      return;
    }
    const { content } = tab;
    tab.isAsking = true;
    tab.askedAt = Date.now();
    part('data')
      .get('accounts')
      .done((reply) => tab?.content === content && show(reply))
      .fail((request) => content.deny(part('data').faultOf(request)))
      .always(() => tab?.content === content && asked());
  }

  function asked() {
    tab.isAsking = false;
    if (!tab.isAskedAgain) return;
    tab.isAskedAgain = false;
    window.setTimeout(ask, LEAST_PAUSE);
  }

  /** The badge and the notification are for every editor, the content only for one whose tab is shown. */
  function show(reply) {
    const needs = part('data').needsOf(reply);
    const challenged = needs.filter(({ kind }) => kind === 'challenge').map(({ account }) => account);
    part('notice').badge(tab.options, needs.length);
    part('notice').tell(part('data').mayAct() ? challenged : [], tab.isVisible, () => RED.sidebar.show(ID));
    if (!tab.isVisible) return;
    tab.content.show(reply, needs, tab.isConnected);
    tab.isConnected = false;
    awaitLink(challenged);
  }

  /** The practice server has its link a moment after the answer to the choice, without a new revision. */
  function awaitLink(accounts) {
    const isDue = accounts.some(
      ({ practice, challenge }) => practice && challenge.state === 'link-sent' && !challenge.practice?.link,
    );
    if (isDue) window.setTimeout(() => isLooked() && ask(), LEAST_PAUSE);
  }

  function tick() {
    if (!isLooked()) return;
    tab.content.tick();
    if (Date.now() - tab.askedAt >= PAUSE) ask();
  }

  /**
   * Begins to listen.
   *
   * @param all each with its source, the names of its functions that begin and end it, the topic, and the listener
   * @returns a function that ends it
   */
  function listen(all) {
    for (const [source, begin, , topic, listener] of all) source[begin](topic, listener);
    return () => {
      for (const [source, , end, topic, listener] of all) source[end](topic, listener);
    };
  }

  /** Follows the events that make the tab send a request. @returns a function that ends it */
  function follow(element) {
    const onRevision = () => isLooked() && ask();
    const onConnect = () => {
      // After a restart of Node-RED, its events are numbered from 1 again.
      tab.isConnected = true;
      ask();
    };
    const onRemoved = ({ module }) => module === PACKAGE && remove();
    const observer = new IntersectionObserver((entries) => {
      const wasVisible = tab.isVisible;
      tab.isVisible = entries[entries.length - 1].isIntersecting;
      if (tab.isVisible && !wasVisible) ask();
    });
    observer.observe(element);
    const timer = window.setInterval(tick, 1000);
    const stopListening = listen([
      [RED.comms, 'subscribe', 'unsubscribe', 'vg-auth/need', ask],
      [RED.comms, 'subscribe', 'unsubscribe', 'vg-auth/revision', onRevision],
      [RED.comms, 'on', 'off', 'connect', onConnect],
      [RED.events, 'on', 'off', 'login', ask],
      // An editor in which nobody pressed Remove gets only this event.
      [RED.events, 'on', 'off', 'registry:node-set-removed', onRemoved],
      [document, 'addEventListener', 'removeEventListener', 'visibilitychange', onRevision],
    ]);
    return () => {
      observer.disconnect();
      window.clearInterval(timer);
      stopListening();
    };
  }

  /** Adds the tab when the plugin `vg-auth`, which has its texts, is there: during an install, it may be loaded later. */
  function add() {
    if (RED.plugins.getPlugin('vg-auth')) addNow();
    else RED.events.on('registry:plugin-added', addWith);
  }

  function addWith(plugin) {
    if (plugin !== 'vg-auth') return;
    RED.events.off('registry:plugin-added', addWith);
    addNow();
  }

  /** Adds the tab: at once, because Node-RED 5 restores its layout only for tabs that exist at that time. */
  function addNow() {
    if (tab) return;
    const content = part('content').make({ refresh: ask });
    tab = { content: content, options: optionsOf(content.element), isVisible: false, askedAt: 0 };
    RED.actions.add(ACTION, () => RED.sidebar.show(ID));
    RED.sidebar.addTab(tab.options);
    tab.stop = follow(content.element[0]);
    ask();
  }

  /** Removes the tab with all its parts. */
  function remove() {
    RED.events.off('registry:plugin-added', addWith);
    if (!tab) return;
    const { stop } = tab;
    tab = undefined;
    stop();
    part('notice').remove();
    RED.actions.remove(ACTION);
    RED.sidebar.removeTab(ID);
    // Node-RED 4.1 leaves the icon.
    $(`#red-ui-tab-${ID}-link-button`).remove();
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-tab', { type: 'vg-auth', add: add, remove: remove });
})();

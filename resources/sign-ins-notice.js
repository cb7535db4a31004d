// The badge at the icon of the tab Sign-ins, and the notification of a challenge. The tab gets it with
// RED.plugins.getPlugin('vg-auth-sign-ins-notice').
(() => {
  /** The challenges that were shown in this browser tab, so that a reload does not show them again. */
  const TOLD = 'vg-auth-sign-ins-told';
  const BAR = 'vg-auth-sign-ins-status';
  /** How many of them are kept. */
  const MOST = 100;

  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const say = (key, values) => view().say(`notice.${key}`, values);

  let notification;
  /** The count in the footer of the flow, on Node-RED 4.1. */
  let bar;
  /** The challenges that the notification is about. */
  let shown = [];

  /** The buttons that open the tab: one on Node-RED 5, two on 4.1. */
  function tabButtons({ id, tabButton }) {
    return tabButton || $(`#red-ui-tab-${id} > a.red-ui-tab-label, #red-ui-tab-${id}-link-button`);
  }

  function badgeOf(text) {
    return $('<span class="vg-auth-badge" aria-hidden="true">').text(text);
  }

  /** Shows the number of entries that need a human at the icon of the tab. */
  function badge(tab, count) {
    const text = count > 99 ? '99+' : String(count);
    const label = count > 0 ? say('badge', { count: count, name: tab.name }) : tab.name;
    const buttons = tabButtons(tab);
    buttons.find('.vg-auth-badge').remove();
    buttons.toggleClass('vg-auth-badged', count > 0).attr('aria-label', label);
    if (count > 0) buttons.append(badgeOf(text));
    if (!tab.tabButton) footer(tab, count, text, label);
  }

  /** On Node-RED 4.1 the icon hides in a menu if the sidebar is narrow. Then the footer of the flow has the count, too. */
  function footer(tab, count, text, label) {
    if (!bar) {
      bar = $('<button type="button" class="red-ui-footer-button vg-auth-footer">').on('click', () =>
        RED.sidebar.show(tab.id),
      );
      RED.statusBar.add({ id: BAR, align: 'right', element: bar });
    }
    bar.empty().append($('<i aria-hidden="true">').addClass(tab.iconClass), count > 0 ? badgeOf(text) : '');
    bar
      .attr({ 'aria-label': label, title: label })
      .parent()
      .toggle(count > 0);
  }

  /** Removes everything outside the tab. */
  function remove() {
    close();
    bar?.parent().remove();
    bar = undefined;
  }

  function toldBefore() {
    try {
      return JSON.parse(sessionStorage.getItem(TOLD)) || [];
    } catch (_noStorage) {
      return [];
    }
  }

  /** The accounts with a challenge that was not shown yet. They count as shown from now on. */
  function takeFresh(accounts) {
    const told = toldBefore();
    const fresh = accounts.filter(({ challenge }) => !told.includes(challenge.id));
    const ids = [...told, ...fresh.map(({ challenge }) => challenge.id)].slice(-MOST);
    try {
      if (fresh.length > 0) sessionStorage.setItem(TOLD, JSON.stringify(ids));
    } catch (_noStorage) {
      // Then a reload shows it again.
    }
    return fresh;
  }

  function close() {
    notification?.close();
    notification = undefined;
    shown = [];
  }

  /**
   * Shows one notification of the challenges that are new. It closes when they have ended, or the tab is
   * shown.
   *
   * @param accounts those with an open challenge
   * @param isShown whether the tab is shown, so that no notification is needed
   * @param open opens the tab
   */
  function tell(accounts, isShown, open) {
    const fresh = takeFresh(accounts);
    const before = accounts.filter(({ challenge }) => shown.includes(challenge.id));
    if (isShown || before.length === 0) close();
    if (isShown || fresh.length === 0) return;
    const all = [...before, ...fresh];
    close();
    shown = all.map(({ challenge }) => challenge.id);
    // Node-RED reads a text as markup, but not an element.
    const element = content(all, open);
    notification = RED.notify(element, { type: 'warning', fixed: true });
  }

  /** It has its own buttons: those of Node-RED 5 take the focus from the field in which a person types. */
  function content(accounts, open) {
    const [account] = accounts;
    const values = { count: accounts.length, name: data().nameOf(account), user: view().short(account.user || '') };
    const text = say(accounts.length > 1 ? 'several' : 'one', values);
    const answer = $('<button type="button" class="primary">').text(say('answer'));
    const dismiss = $('<button type="button">').text(say('close'));
    answer.on('click', () => {
      close();
      open();
    });
    dismiss.on('click', close);
    return $('<div role="alert">').append(
      $('<p>').text(text),
      $('<div class="ui-dialog-buttonset">').append(dismiss, answer),
    );
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-notice', { type: 'vg-auth', badge: badge, tell: tell, remove: remove });
})();

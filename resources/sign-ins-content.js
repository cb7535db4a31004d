// The content of the tab Sign-ins. The tab gets it with RED.plugins.getPlugin('vg-auth-sign-ins-content').
(() => {
  /** The sections that a person left open or closed, in the browser's storage. */
  const SECTIONS = 'vg-auth-sign-ins-sections';

  const part = (name) => RED.plugins.getPlugin(`vg-auth-sign-ins-${name}`);
  const say = (key, values) => part('view').say(key, values);

  /** Makes a section that stays open or closed over a reload. */
  function sectionMaker(stack) {
    const isOpen = { needs: true, accounts: true, ...JSON.parse(RED.settings.getLocal(SECTIONS) || '{}') };
    return (name, onExpand) => {
      const made = part('view').section(stack, say(`section.${name}`), !!isOpen[name], onExpand);
      made.header.on('click', () => {
        isOpen[name] = made.isExpanded();
        RED.settings.setLocal(SECTIONS, JSON.stringify(isOpen));
      });
      return made;
    };
  }

  /** The functions of the sections. @param refresh requests the accounts again */
  function actionsOf(said, refresh) {
    return {
      refresh: refresh,
      /** Shows a message that stays after its row is removed. */
      tell: (text) => said.text(text),
      /** Runs an action on an account. */
      act: (account, action) =>
        part('data')
          .post(`accounts/${encodeURIComponent(account.id)}/${action}`)
          .always(refresh),
    };
  }

  /**
   * Makes the content.
   *
   * @param refresh requests the accounts again
   * @returns `element`; `show` for a reply of `GET vg-auth/accounts`, its entries that need a human, and whether Node-RED may have
   * been restarted; `deny` shows why there is no reply; `tick`, once a second while the tab is shown
   */
  function make({ refresh }) {
    const said = $('<div class="vg-auth-said" role="status">');
    const denied = $('<div class="form-tips vg-auth-tips">').hide();
    const reader = $('<div class="form-tips vg-auth-tips">').text(say('reader')).hide();
    const sections = $('<div>');
    const element = $('<div class="vg-auth-sign-ins">').append(denied, reader, said, sections);
    const section = sectionMaker(RED.stack.create({ container: sections }));
    const actions = actionsOf(said, refresh);
    const needs = part('needs').make(section('needs'), actions);
    const accounts = part('accounts').make(section('accounts'), actions);
    const sessions = part('sessions').make(
      section('sessions', () => sessions.refresh()),
      actions,
    );
    const events = part('events').make(section('events', () => events.refresh()));

    return {
      element: element,
      show: (reply, needed, isNew) => {
        denied.hide();
        sections.show();
        reader.toggle(!part('data').mayAct());
        needs.show(needed);
        accounts(reply.accounts);
        sessions.servers(reply.accounts);
        sessions.follow();
        events.refresh(isNew);
      },
      deny: (text) => {
        part('view').setText(denied, text).show();
        sections.toggle(part('data').mayRead());
        reader.hide();
      },
      tick: needs.tick,
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-content', { type: 'vg-auth', make: make });
})();

// The open sessions in the tab Sign-ins, page by page. The tab gets it with
// RED.plugins.getPlugin('vg-auth-sign-ins-sessions').
(() => {
  /** How many sessions a page has. */
  const PAGE = 50;
  /** With more sessions than this, the page is updated less often: Node-RED goes through all of them each time. */
  const MANY = 1_000;
  /** Then at most once in this time, in ms. */
  const PAUSE = 5_000;

  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const say = (key, values) => view().say(`session.${key}`, values);

  /** The address of a page. @param after the `next` of the previous page; '' for the first one */
  function pathOf({ server, user, after }) {
    const query = [
      ['limit', PAGE],
      ['server', server],
      ['user', user],
      ['after', after],
    ].filter(([, value]) => value);
    return `sessions?${query.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`;
  }

  /** Makes a row. @param signOut signs a session out. @returns the function that shows a session in it */
  function row(content, nameOfServer, signOut) {
    let session;
    const name = $('<strong class="vg-auth-name">');
    const server = view().line();
    const times = view().line();
    const end = view().button(say('sign-out'), () => signOut(session));
    content.append($('<div class="vg-auth-head">').append(name, end), server, times);
    return ({ session: given }) => {
      session = given;
      view().setText(name, view().short(session.user)).attr('title', session.user);
      view().setText(server, nameOfServer(session.server));
      const { timeText } = view();
      view().setText(times, say('times', { since: timeText(session.since), until: timeText(session.expires_at) }));
      end.attr('aria-label', say('sign-out-of', { user: session.user })).toggle(data().mayAct());
    };
  }

  /**
   * Makes the section.
   *
   * @param tab see `sign-ins-tab.js`
   * @returns `servers` sets the servers; `refresh` requests the current page again; `follow` does so after a change
   */
  function make(part, tab) {
    const asked = { server: '', user: '' };
    let names = new Map();
    /** The start of each page up to the current one. */
    let pages = [''];
    let last = { sessions: [], total: 0 };
    let request;
    let askedAt = 0;

    const server = $('<select>').attr('aria-label', say('server'));
    const user = $('<input type="text" spellcheck="false" autocomplete="off">');
    user.attr({ placeholder: say('user'), 'aria-label': say('user'), title: say('user-exact') });
    const count = $('<div class="vg-auth-line" role="status">');
    const all = $('<div>');
    part.content.append($('<div class="vg-auth-row">').append(server, user), count, all);
    const sync = view().list(
      part.content,
      view().say('section.sessions'),
      (content) => row(content, (id) => names.get(id) || id, signOut),
      () => part.header.trigger('focus'),
    );
    const before = view().button(say('before'), () => turn(pages.slice(0, -1)));
    const after = view().button(say('after'), () => turn([...pages, last.next]));
    const turns = $('<div class="vg-auth-row">').append(before, after).appendTo(part.content);

    function turn(to) {
      pages = to;
      return refresh();
    }

    /** Requests the page. If it has become empty because its sessions ended, the previous page is shown. */
    function refresh() {
      if (!view().isOpen(part)) return undefined;
      request?.abort();
      askedAt = Date.now();
      request = data().get(pathOf({ ...asked, after: pages[pages.length - 1] }));
      return request.done(show).fail((failed) => {
        if (failed.statusText !== 'abort') view().setText(count, data().faultOf(failed));
      });
    }

    function show(reply) {
      if (reply.sessions.length === 0 && pages.length > 1) {
        turn(pages.slice(0, -1));
        return;
      }
      last = reply;
      const first = (pages.length - 1) * PAGE;
      const values = { total: reply.total, first: first + 1, last: first + reply.sessions.length };
      view().setText(count, reply.total === 0 ? say('none') : say(reply.next || first > 0 ? 'page' : 'count', values));
      sync(reply.sessions.map((session) => ({ key: session.id, session: session })));
      before.toggle(pages.length > 1);
      after.toggle(!!reply.next);
      turns.toggle(pages.length > 1 || !!reply.next);
      showAll();
    }

    function signOut({ id, user: name }) {
      return data()
        .post(`sessions/${encodeURIComponent(id)}/sign-out`)
        .done(() => tab.tell(say('signed-out', { user: view().short(name) })))
        .fail((failed) => tab.tell(data().faultOf(failed)))
        .always(() => {
          refresh();
          tab.refresh();
        });
    }

    /** The button that signs out all sessions of a server, or of one user there. It asks for confirmation. */
    function showAll() {
      const { total } = last;
      const isOn = data().mayAct() && asked.server !== '' && total > 0;
      const now = JSON.stringify([isOn, asked]);
      if (all.data('shown') === now) return;
      all.data('shown', now).empty();
      if (!isOn) return;
      // The question is about these sessions, whatever is chosen before it is answered.
      const chosen = { ...asked };
      const values = { server: names.get(asked.server), user: view().short(asked.user) };
      const kind = asked.user === '' ? 'all' : 'user';
      const begin = view().button(say(`sign-out-${kind}`, values), () => {
        begin.hide();
        question.show();
        question.find('button').last().trigger('focus');
      });
      const cancel = () => {
        question.hide();
        begin.show().trigger('focus');
      };
      const question = $('<div role="group">').hide();
      question.append(
        view().line(say(`ask-${kind}`, values)),
        $('<div class="vg-auth-row">').append(
          view()
            .button(say('yes'), () => signAllOut(chosen))
            .addClass('primary'),
          view().button(say('no'), cancel),
        ),
      );
      all.append(begin, question);
    }

    function signAllOut({ server: id, user: name }) {
      return data()
        .post('sessions/sign-out', name === '' ? { server: id } : { server: id, user: name })
        .done(({ signed_out: number }) => tab.tell(say('signed-out-all', { count: number })))
        .fail((failed) => tab.tell(data().faultOf(failed)))
        .always(() => {
          all.removeData('shown');
          user.trigger('focus');
          turn(['']);
          tab.refresh();
        });
    }

    /** Shows other sessions. The question about those that were shown disappears at once. */
    function choose(what) {
      Object.assign(asked, what);
      all.removeData('shown').empty();
      turn(['']);
    }

    server.on('change', () => choose({ server: server.val() }));
    // At the end of an entry: the name has to match exactly, so a half-typed name matches nobody.
    user.on('change', () => choose({ user: user.val().trim() }));

    return {
      refresh: refresh,
      follow: () => {
        if (last.total <= MANY || Date.now() - askedAt >= PAUSE) refresh();
      },
      servers: (accounts) => {
        const servers = accounts.filter(({ type }) => type === 'vg-server');
        names = new Map(servers.map((account) => [account.id, data().nameOf(account)]));
        const now = JSON.stringify([...names]);
        if (server.data('shown') === now) return;
        server.data('shown', now).empty();
        server.append($('<option value="">').text(say('all-servers')));
        names.forEach((name, id) => {
          server.append($('<option>').val(id).text(name));
        });
        if (!names.has(asked.server)) asked.server = '';
        server.val(asked.server);
      },
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-sessions', { type: 'vg-auth', make: make });
})();

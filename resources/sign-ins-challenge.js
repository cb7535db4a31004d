// An open challenge in the tab Sign-ins: the choice of a method, the entry of the code, the wait for the link. The tab gets
// it with RED.plugins.getPlugin('vg-auth-sign-ins-challenge').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');
  const view = () => RED.plugins.getPlugin('vg-auth-sign-ins-view');
  const data = () => RED.plugins.getPlugin('vg-auth-sign-ins-data');
  const say = (key, values) => view().say(`challenge.${key}`, values);

  /** The name of a method: the server's text, or a text of this package if there is none. */
  function methodText({ label, kind, transport }) {
    return (
      label || RED._(`@vg-auth/node-red-vg-auth/vg-auth:test.way.${kind === 'link' ? 'link' : 'otp'}-${transport}`)
    );
  }

  /** Why a code was not accepted, or the sign-in refused. */
  function reasonText(reason) {
    return reason ? RED._(`@vg-auth/node-red-vg-auth/vg-auth:reasons.${reason}`) : '';
  }

  /** The message for the response to a step. */
  function answerText({ state, reason, retry_at: retryAt }) {
    if (state === 'signed-in') return say('signed-in');
    const why = reasonText(reason);
    if (state === 'refused') return say('refused', { reason: why });
    if (retryAt) return say('wait', { reason: why, time: view().timeText(retryAt) });
    return reason ? say('again', { reason: why }) : say(`sent.${state}`);
  }

  /**
   * Makes the card of a challenge.
   *
   * @param tab `refresh` requests the accounts again, `tell` shows a message that stays after the card is removed
   * @param held the line about the messages on hold
   * @returns `show` for an account with its open challenge; `tick`, once a second; `left`, the element with the rest of the time
   */
  function card(content, tab, held) {
    let account;
    /** The ID of the challenge whose end was noticed. */
    let overId;
    const shown = { body: '', practice: '' };
    const left = $('<span class="vg-auth-left">');
    const what = view().line();
    const body = $('<div class="vg-auth-body">');
    const practice = $('<div>');
    const answer = $('<div class="vg-auth-line" role="status">');
    content.append(what, held, practice, body, answer);

    /** Takes a step, and shows the result. */
    function step(action, value) {
      const { id } = account.challenge;
      const name = data().nameOf(account);
      return data()
        .post(`challenges/${encodeURIComponent(id)}/${action}`, value)
        .done((reply) => {
          const text = answerText(reply);
          if (reply.state === 'signed-in' || reply.state === 'refused')
            tab.tell(shared().say('punctuation.prefix', { prefix: name, text: text }));
          else view().setText(answer, text);
        })
        .fail((request) => view().setText(answer, data().faultOf(request)))
        .always(() => tab.refresh());
    }

    function methodButtons(methods) {
      return methods.map((method) =>
        $('<div>').append(view().button(methodText(method), () => step('choose', { method: method.id }))),
      );
    }

    function codeForm() {
      const field = $('<input type="text" autocomplete="one-time-code" spellcheck="false" maxlength="64">');
      field.attr('aria-label', say('code'));
      const submit = () => {
        const code = field.val().replace(/[\s-]/g, '');
        if (code === '') {
          view().setText(answer, say('code-missing'));
          field.trigger('focus');
          return undefined;
        }
        field.val('');
        return step('submit', { code: code }).always(() => field.trigger('focus'));
      };
      const send = view().button(say('submit'), submit).addClass('primary');
      field.on('keydown', (event) => {
        if (event.key === 'Enter') send.trigger('click');
      });
      return $('<div class="vg-auth-row">').append(field, send);
    }

    /** The code or link that the practice server sent. It protects nothing. */
    function practiceLine({ code, link }) {
      if (code) return view().line(say('practice-code', { code: code }));
      return link ? view().button(say('practice-click'), () => step('click', {})) : '';
    }

    /** The other methods, which are needed only if nothing arrives. */
    function otherMethods({ methods }) {
      const details = $('<details>').append($('<summary>').text(say('other')));
      return details.append(methodButtons(methods));
    }

    /** Rebuilds the controls of a step, only if the step has changed: a code may be half typed. */
    function build(challenge) {
      const hadFocus = view().hasFocus(body);
      body.empty();
      if (!data().mayAct()) return;
      if (challenge.state === 'mfa-required') body.append(methodButtons(challenge.methods));
      if (challenge.state === 'code-required') body.append(codeForm());
      if (challenge.state !== 'mfa-required') body.append(otherMethods(challenge));
      if (hadFocus) body.find('input, button').first().trigger('focus');
    }

    /** Whether a part of the card has to be rebuilt. */
    function isOther(part, value) {
      const now = JSON.stringify(value);
      const before = shown[part];
      shown[part] = now;
      return now !== before;
    }

    function tick() {
      if (!account) return;
      const rest = account.challenge.expires_at - data().now();
      view().setText(left, say('left', { time: view().leftText(rest) }));
      // Once: Node-RED may list it a little longer.
      if (rest <= 0 && overId !== account.challenge.id) {
        overId = account.challenge.id;
        tab.refresh();
      }
    }

    return {
      left: left,
      tick: tick,
      show: (given) => {
        account = given;
        const { challenge } = account;
        const method = challenge.methods.find(({ id }) => id === challenge.method);
        const values = { user: view().short(account.user || ''), method: method ? methodText(method) : '' };
        view().setText(what, say(`what.${challenge.state}`, values));
        const { id, state, methods } = challenge;
        if (isOther('body', [id, state, methods.map((each) => each.id), data().mayAct()])) build(challenge);
        const sent = (data().mayAct() && state !== 'mfa-required' && challenge.practice) || {};
        if (isOther('practice', sent)) practice.empty().append(practiceLine(sent));
        tick();
      },
    };
  }

  RED.plugins.registerPlugin('vg-auth-sign-ins-challenge', { type: 'vg-auth', card: card, reasonText: reasonText });
})();

// The Test button of the config dialogs. A dialog gets it with RED.plugins.getPlugin('vg-auth-test'). The texts are in
// the shared catalog, under `test`.
(() => {
  /** A smaller difference between the clocks of the two machines is not reported, in seconds. */
  const CLOCK_TOLERANCE = 5;

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const say = (key, values) => shared().say(`test.${key}`, values);

  const good = (text) => ({ icon: 'fa-check-circle', color: 'success', text: text });
  const bad = (text) => ({ icon: 'fa-times-circle', color: 'error', text: text });
  const note = (text) => ({ icon: 'fa-info-circle', text: text });

  /** The label of a property in its dialog. A name that is no property, such as HTTPS_PROXY, is returned unchanged. */
  function labelOf(node, property) {
    return node._def.defaults[property] || node._def.credentials[property]
      ? RED._(`@vg-auth/node-red-vg-auth/${node.type}:label.${property}`)
      : property;
  }

  /** A sentence about an error, with the labels of the dialog. */
  function faultOf(node, { fault, values }) {
    const { property, cause } = values;
    return shared().say(
      `errors.${fault}`,
      Object.assign(
        {},
        values,
        property ? { property: labelOf(node, property) } : {},
        fault === 'store-gone' ? { cause: causeSentence(String(cause)) } : {},
      ),
    );
  }

  /** Why a session store is unavailable, as in nodes/shared/catalogue.ts: `NOPERM DEL` contains the missing command. */
  function causeSentence(cause) {
    const [word, detail] = cause.split(' ');
    const isCommand = detail !== undefined && detail === detail.toUpperCase();
    const keys = detail === undefined ? [word] : [`${word}-${isCommand ? 'command' : detail}`, word];
    for (const key of keys) {
      const sentence = shared().say(`causes.${key}`, { detail: detail });
      if (typeof sentence === 'string' && !sentence.endsWith(`causes.${key}`)) return sentence;
    }
    return shared().say('causes.other', { detail: cause });
  }

  /** Sentences in a row. Not every language has a space between them. */
  function sentences(text, more) {
    return shared().say('punctuation.sentences', { text: text, more: more });
  }

  function withRetry(text, retryAt) {
    return retryAt ? sentences(text, shared().sayMoment(['test.retry-at', 'test.retry-at-date'], retryAt)) : text;
  }

  /** The meaning of a refusal, and the next step. The server's own text follows. */
  function reasonOf(about, { reason, error, errorDescription, retryAt }) {
    const text = say(`${about}.${reason}`);
    const detail = [error, errorDescription].filter((word) => word).join(': ');
    return withRetry(detail ? shared().say('punctuation.parentheses', { text: text, detail: detail }) : text, retryAt);
  }

  /** Texts in a row, with the separator of the language. */
  function listed(texts) {
    return texts.reduceRight(
      (more, text) => (more ? shared().say('punctuation.and', { text: text, more: more }) : text),
      '',
    );
  }

  function duration(seconds) {
    const unit = seconds >= 7200 ? ['hours', 3600] : seconds >= 120 ? ['minutes', 60] : ['seconds', 1];
    return say(unit[0], { count: Math.round((seconds / unit[1]) * 10) / 10 });
  }

  function tokenLines({ asked, granted, missing, lifetime }) {
    const lines = [];
    const besides = granted.filter((scope) => asked.indexOf(scope) === -1);
    if (missing.length > 0) lines.push(bad(say('scope-missing', { scopes: missing.join(' ') })));
    if (asked.length > 0 && missing.length === 0) lines.push(good(say('scope-granted', { scopes: asked.join(' ') })));
    if (asked.length === 0) lines.push(note(say('scope-own', { scopes: granted.join(' ') || '-' })));
    else if (besides.length > 0) lines.push(note(say('scope-besides', { scopes: besides.join(' ') })));
    lines.push(note(lifetime > 0 ? say('lifetime', { time: duration(lifetime) }) : say('lifetime-unsaid')));
    return lines;
  }

  function clockLines({ clock }) {
    if (clock === undefined) return [];
    if (Math.abs(clock) <= CLOCK_TOLERANCE) return [note(say('clock-agrees'))];
    const time = duration(Math.abs(clock));
    return [bad(clock > 0 ? say('clock-ahead', { time: time }) : say('clock-behind', { time: time }))];
  }

  function failedLine(node, verdict) {
    return bad(withRetry(sentences(say('failed'), faultOf(node, verdict)), verdict.retryAt));
  }

  /** @returns the lines if the test got no answer; otherwise undefined */
  function noAnswer(node, verdict) {
    if (verdict.state === 'not-tried') {
      const { property, variable } = verdict.values;
      return [bad(say(`problem.${verdict.problem}`, { property: labelOf(node, property), variable: variable }))];
    }
    if (verdict.state === 'failed') return [failedLine(node, verdict)];
    return undefined;
  }

  function accountLines(node, verdict) {
    const failed = noAnswer(node, verdict);
    if (failed) return failed;
    if (verdict.state === 'refused') return [bad(sentences(say('refused'), reasonOf('account', verdict)))];
    return [good(say('signed-in', { host: verdict.host })), ...tokenLines(verdict)];
  }

  function clientLines(node, { grant, client, unlisted }) {
    const lines = [];
    if (client.state === 'known') return [good(say('client-known'))];
    if (client.state === 'refused') lines.push(bad(reasonOf('client', client)));
    else lines.push(note(sentences(say('client-unclear'), faultOf(node, client))));
    if (client.reason === 'grant-not-allowed') {
      if (grant === 'listed') lines.push(note(say('grant-listed')));
    } else if (grant !== 'unsaid') {
      lines.push(grant === 'listed' ? good(say('grant-listed')) : bad(say('grant-not-listed')));
    }
    if (unlisted.length > 0) lines.push(note(say('scope-unlisted', { scopes: unlisted.join(' ') })));
    return lines;
  }

  function personLines(node, person) {
    if (!person) return [note(say('person-not-wished'))];
    if (person.state === 'not-tried') return [note(say('person-not-tried'))];
    if (person.state === 'failed') return [failedLine(node, person)];
    if (person.state === 'refused') return [bad(sentences(say('refused'), reasonOf('person', person)))];
    if (person.state === 'challenged') {
      const ways = listed(person.ways.map((way) => say(`way.${way}`)));
      const lines = [good(say('challenged', { ways: ways || '-' }))];
      return person.reason ? [...lines, bad(reasonOf('person', person))] : lines;
    }
    return [
      good(say('person-signed-in')),
      ...person.warnings.map((warning) => bad(say(`warning.${warning}`))),
      ...tokenLines(person),
      note(say(person.refreshable ? 'refreshable' : 'not-refreshable')),
    ];
  }

  function serverLines(node, verdict) {
    if (!verdict.client) return noAnswer(node, verdict) || [];
    return [
      good(say('reached', { host: verdict.host })),
      ...clientLines(node, verdict),
      ...personLines(node, verdict.person),
    ];
  }

  function variableLine({ variable, isSet, isInside }) {
    if (isSet) return note(say('variable-set', { variable: variable }));
    if (isInside) return note(say('variable-in-flow', { variable: variable }));
    return bad(say('variable-unset', { variable: variable }));
  }

  /** The probable flaw of a secret that was refused. */
  function flawLines(node, { flaws }) {
    return (flaws || []).map(({ property, flaw }) => bad(say(`flaw.${flaw}`, { property: labelOf(node, property) })));
  }

  /** Lines about the variables without a value. A variable with a value has a hint at its field. */
  function unsetLines({ variables, fault, problem, values }) {
    const said = fault === 'variable-missing' || problem === 'variable-in-flow' ? values.variable : undefined;
    return (variables || []).filter(({ variable, isSet }) => !isSet && variable !== said).map(variableLine);
  }

  /** Lines about config nodes with changes that are not deployed: the test uses the deployed ones. */
  function changedLines(node) {
    return ['tls', 'proxy'].flatMap((property) => {
      const chosen = RED.nodes.node(shared().read(node, property));
      return chosen?.changed ? [note(say('changed', { property: labelOf(node, property) }))] : [];
    });
  }

  /** Lines about a request that failed. */
  function requestLines(request) {
    const { error } = request.responseJSON || {};
    if (typeof error === 'string' && /^(test|import|errors)\.[\w.-]+$/.test(error)) return [bad(shared().say(error))];
    return [bad(say(request.status === 401 || request.status === 403 ? 'not-allowed' : 'no-runtime'))];
  }

  /** Replaces the text of a status area. Texts are not markup, because a server can send anything. */
  function write(area, lines) {
    area.empty();
    lines.forEach(({ icon, color, text, isHeading, button }) => {
      const line = $('<div style="display: flex; gap: 6px; margin-top: 4px; overflow-wrap: anywhere">');
      if (isHeading) line.css('font-weight', 'bold');
      const sign = $('<i class="fa" aria-hidden="true" style="flex: 0 0 auto; width: 16px; line-height: 20px">');
      // The sign needs no color to be understood.
      if (color) sign.css('color', `var(--red-ui-text-color-${color})`);
      line.append(sign.addClass(icon));
      line.append($('<span style="min-width: 0">').text(text)).appendTo(area);
      if (button)
        $('<button type="button" class="red-ui-button red-ui-button-small" style="flex: 0 0 auto">')
          .text(button.text)
          .on('click', button.click)
          .appendTo(line);
    });
  }

  /** Replaces the text of a status area, and scrolls to it. For the result of a click. */
  function report(area, lines) {
    write(area, lines);
    area[0]?.scrollIntoView({ block: 'nearest' });
  }

  /** Posts JSON to a route of this package. Node-RED adds its access token to relative URLs only. */
  function post(url, body) {
    return $.ajax({ url: url, type: 'POST', contentType: 'application/json', data: JSON.stringify(body) });
  }

  /** The values in the dialog now. The variable beside a checkbox counts, not the checkbox. */
  function valuesOf(node, properties) {
    const values = { id: node.id, z: node.z || '' };
    properties.forEach((property) => {
      const written = shared().inputOf(node, property).data('vg-auth-written');
      const value = /^\$[{(]/.test(written) ? written : shared().read(node, property);
      values[property] = typeof value === 'boolean' ? value : String(value == null ? '' : value);
    });
    return values;
  }

  /**
   * Makes the Test button work.
   *
   * @param options `button`, and `area`, which shows the answer; `properties` that are sent; `more` returns other values
   *   to send; `isServer`: whether it is a Visual Guard server; `address`: the property that a token endpoint is filled
   *   into; `lines` makes the lines of the answer if it is neither a server nor an account
   */
  function prepareTest(node, { button, area, properties, more, isServer, address, lines: ownLines }) {
    let isRunning = false;
    /** Whether a value has changed since the test began. */
    let isStale = false;
    button.on('click', (event) => {
      event.preventDefault();
      if (isRunning) return;
      isRunning = true;
      isStale = false;
      button.attr('aria-disabled', 'true');
      report(area, [{ icon: 'fa-spinner', text: say('running') }]);
      const lines = ownLines || (isServer ? serverLines : accountLines);
      post(`${node.type}/test`, Object.assign(valuesOf(node, properties), more ? more() : {}))
        .done((verdict) => {
          const clock = verdict.state === 'not-tried' ? [] : clockLines(verdict);
          const own = lines(node, verdict);
          const { stepLines } = RED.plugins.getPlugin('vg-auth-test-steps');
          report(area, [
            ...(isStale ? [note(say('stale'))] : []),
            ...(ownLines ? own : stepLines(node, verdict, own, address)),
            ...flawLines(node, verdict),
            ...clock,
            ...unsetLines(verdict),
            ...changedLines(node),
          ]);
        })
        .fail((request) => report(area, requestLines(request)))
        .always(() => {
          isRunning = false;
          button.removeAttr('aria-disabled');
        });
    });
    // An answer is about the values at the time of the test.
    area.closest('form').on('input change', (event) => {
      const isOwn = $(event.target).closest('.vg-auth-no-value').length > 0;
      if (isOwn) return;
      isStale = true;
      if (!isRunning && area.children().length > 0) write(area, [note(say('stale'))]);
    });
  }

  RED.plugins.registerPlugin('vg-auth-test', {
    type: 'vg-auth',
    prepareTest: prepareTest,
    post: post,
    valuesOf: valuesOf,
    write: write,
    report: report,
    variableLine: variableLine,
    requestLines: requestLines,
    noAnswer: noAnswer,
    faultOf: faultOf,
    listed: listed,
    good: good,
    bad: bad,
    note: note,
  });
})();

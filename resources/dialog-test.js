// The Test button of the config dialogs, and the eye on what `${NAME}` is. A dialog finds it with
// RED.plugins.getPlugin('vg-auth-test'). The texts are in the shared catalogue, under `test`.
(() => {
  /** Another server's clock may be off by this, in seconds, before it is worth a word. */
  const CLOCK_TOLERANCE = 5;
  const VARIABLE = /^\s*\$(?:\{([^}]+)\}|\(([^)]+)\))\s*$/;

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const say = (key, values) => shared().say(`test.${key}`, values);

  const good = (text) => ({ icon: 'fa-check-circle', color: 'success', text: text });
  const bad = (text) => ({ icon: 'fa-times-circle', color: 'error', text: text });
  const note = (text) => ({ icon: 'fa-info-circle', text: text });

  /** A property's name as its dialog shows it; what is no property there, as HTTPS_PROXY, stays as it is. */
  function labelOf(node, property) {
    return node._def.defaults[property] || node._def.credentials[property]
      ? RED._(`@vg-auth/node-red-vg-auth/${node.type}:label.${property}`)
      : property;
  }

  /** A sentence about a fault. It names properties as the dialog does. */
  function faultOf(node, { fault, values }) {
    const { property } = values;
    return shared().say(
      `errors.${fault}`,
      Object.assign({}, values, property ? { property: labelOf(node, property) } : {}),
    );
  }

  function later(retryAt) {
    return retryAt ? ` ${say('retry-at', { time: new Date(retryAt).toLocaleTimeString() })}` : '';
  }

  /** What a refusal means, and what to do. The server's own words follow, for those who look them up. */
  function reasonOf(about, { reason, error, errorDescription, retryAt }) {
    const words = [error, errorDescription].filter((text) => text).join(': ');
    return say(`${about}.${reason}`) + (words ? ` (${words})` : '') + later(retryAt);
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

  /** @returns the lines, where the test did not come to an answer */
  function noAnswer(node, verdict) {
    if (verdict.state === 'not-tried') {
      const { property } = verdict.values;
      return [bad(say(`problem.${verdict.problem}`, { property: labelOf(node, property) }))];
    }
    if (verdict.state === 'failed') return [bad(`${say('failed')} ${faultOf(node, verdict)}${later(verdict.retryAt)}`)];
    return undefined;
  }

  function accountLines(node, verdict) {
    const failed = noAnswer(node, verdict);
    if (failed) return failed;
    if (verdict.state === 'refused') return [bad(`${say('refused')} ${reasonOf('account', verdict)}`)];
    return [good(say('signed-in', { host: verdict.host })), ...tokenLines(verdict)];
  }

  function clientLines(node, { grant, client, unlisted }) {
    const lines = [];
    if (client.state === 'known') return [good(say('client-known'))];
    if (client.state === 'refused') lines.push(bad(reasonOf('client', client)));
    else lines.push(note(`${say('client-unclear')} ${faultOf(node, client)}`));
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
    if (person.state === 'failed') return [bad(`${say('failed')} ${faultOf(node, person)}${later(person.retryAt)}`)];
    if (person.state === 'refused') return [bad(`${say('refused')} ${reasonOf('person', person)}`)];
    if (person.state === 'challenged') {
      const ways = person.ways.map((way) => say(`way.${way}`)).join(', ');
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
    const failed = noAnswer(node, verdict);
    if (failed) return failed;
    return [
      good(say('reached', { host: verdict.host })),
      ...clientLines(node, verdict),
      ...personLines(node, verdict.person),
    ];
  }

  function variableLine({ variable, isSet }) {
    return isSet
      ? note(say('variable-set', { variable: variable }))
      : bad(say('variable-unset', { variable: variable }));
  }

  /** What is probably wrong with a secret that was refused. */
  function flawLines(node, { flaws }) {
    return (flaws || []).map(({ property, flaw }) => bad(say(`flaw.${flaw}`, { property: labelOf(node, property) })));
  }

  /** The variables without a value; those with one are told at their fields. */
  function unsetLines({ variables, fault, values }) {
    const said = fault === 'variable-missing' ? values.variable : undefined;
    return (variables || []).filter(({ variable, isSet }) => !isSet && variable !== said).map(variableLine);
  }

  /** What is chosen in the dialog may differ from what is deployed, and only the latter can be used. */
  function changedLines(node) {
    return ['tls', 'proxy'].flatMap((property) => {
      const chosen = RED.nodes.node(shared().read(node, property));
      return chosen?.changed ? [note(say('changed', { property: labelOf(node, property) }))] : [];
    });
  }

  /** Why the route gave no verdict. */
  function requestLines(request) {
    const { error } = request.responseJSON || {};
    if (typeof error === 'string' && /^(test|import|errors)\.[\w.-]+$/.test(error)) return [bad(shared().say(error))];
    return [bad(say(request.status === 401 || request.status === 403 ? 'not-allowed' : 'no-runtime'))];
  }

  /** Replaces what stands in a status area, and brings it into view. Texts are never markup: a server may send anything. */
  function report(area, lines) {
    area.empty();
    lines.forEach(({ icon, color, text }) => {
      const line = $('<div style="display: flex; gap: 6px; margin-top: 4px; overflow-wrap: anywhere">');
      const sign = $('<i class="fa" aria-hidden="true" style="flex: 0 0 auto; width: 16px; line-height: 20px">');
      // The sign tells by its shape; the colour only helps the eye.
      if (color) sign.css('color', `var(--red-ui-text-color-${color})`);
      line.append(sign.addClass(icon));
      line.append($('<span style="min-width: 0">').text(text)).appendTo(area);
    });
    area[0]?.scrollIntoView({ block: 'nearest' });
  }

  /** Posts JSON to a route of this package. The address is relative: that is what jQuery signs in. */
  function post(url, body) {
    return $.ajax({ url: url, type: 'POST', contentType: 'application/json', data: JSON.stringify(body) });
  }

  /** What the dialog says now. */
  function valuesOf(node, properties) {
    const values = { id: node.id, z: node.z || '' };
    properties.forEach((property) => {
      const value = shared().read(node, property);
      values[property] = typeof value === 'boolean' ? value : String(value == null ? '' : value);
    });
    return values;
  }

  /**
   * Makes the Test button work.
   *
   * @param options `button`, `area`: what is clicked, and where the answer stands; `properties`: what is sent;
   *   `more`: returns what else is sent; `isServer`: whether it is a Visual Guard server;
   *   `lines`: makes the lines of the answer, where it is neither that nor an account
   */
  function prepareTest(node, { button, area, properties, more, isServer, lines: ownLines }) {
    let isRunning = false;
    button.on('click', (event) => {
      event.preventDefault();
      if (isRunning) return;
      isRunning = true;
      button.attr('aria-disabled', 'true');
      report(area, [{ icon: 'fa-spinner', text: say('running') }]);
      const lines = ownLines || (isServer ? serverLines : accountLines);
      post(`${node.type}/test`, Object.assign(valuesOf(node, properties), more ? more() : {}))
        .done((verdict) => {
          const clock = verdict.state === 'not-tried' ? [] : clockLines(verdict);
          report(area, [
            ...lines(node, verdict),
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
    // An answer is about what stood there when it was asked for.
    area.closest('form').on('input change', (event) => {
      const isOwn = $(event.target).closest('.vg-auth-no-value').length > 0;
      if (!isRunning && !isOwn && area.children().length > 0) report(area, [note(say('stale'))]);
    });
  }

  /** Says below each field that is `${NAME}` whether that has a value where Node-RED runs. */
  function watchVariables(node, properties) {
    let timer;
    let shown = '';
    const look = () => {
      const values = valuesOf(node, properties);
      const written = properties.filter((property) => VARIABLE.test(values[property]));
      const asked = JSON.stringify(written.map((property) => [property, values[property]]));
      if (asked === shown) return;
      shown = asked;
      properties.forEach((property) => {
        hint(node, property, undefined);
      });
      if (written.length === 0) return;
      const body = { id: node.id, variablesOnly: true };
      written.forEach((property) => {
        body[property] = values[property];
      });
      post(`${node.type}/test`, body).done(({ variables }) => {
        if (asked !== shown) return;
        variables.forEach((found) => {
          hint(node, found.property, found);
        });
      });
    };
    properties.forEach((property) => {
      shared()
        .inputOf(node, property)
        .on('input change', () => {
          clearTimeout(timer);
          timer = setTimeout(look, 400);
        });
    });
    look();
  }

  function hint(node, property, found) {
    const input = shared().inputOf(node, property);
    const id = `vg-auth-variable-${property}`;
    $(`#${id}`).remove();
    input.removeAttr('aria-describedby');
    if (!found) return;
    const area = $('<div role="status" style="margin: 2px 0 0 134px">').attr('id', id);
    input.attr('aria-describedby', id).closest('.form-row').append(area);
    report(area, [variableLine(found)]);
  }

  RED.plugins.registerPlugin('vg-auth-test', {
    type: 'vg-auth',
    prepareTest: prepareTest,
    watchVariables: watchVariables,
    post: post,
    report: report,
    requestLines: requestLines,
    noAnswer: noAnswer,
    good: good,
    bad: bad,
    note: note,
  });
})();

// Scopes in a dialog: free text, and a checklist of the known scopes. A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-scopes'). The texts are in the shared catalog, under `scopes`.
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');
  const say = (key, values) => shared().say(`scopes.${key}`, values);

  /** The words of a scope, each once. */
  function wordsOf(text) {
    return String(text)
      .split(/\s+/)
      .filter((word, index, all) => word !== '' && all.indexOf(word) === index);
  }

  /** The number of characters to change, add or remove (Levenshtein distance). */
  function distance(one, other) {
    let row = Array.from({ length: other.length + 1 }, (_, index) => index);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const changed = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
        next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
      }
      row = next;
    }
    return row[other.length];
  }

  /** The known scope that is probably meant by an unknown one. Servers compare scopes with their case. */
  function meant(word, known) {
    if (known.indexOf(word) !== -1 || word.length > 60) return undefined;
    const lower = word.toLowerCase();
    const sameButCase = known.find((each) => each.toLowerCase() === lower);
    const most = word.length < 8 ? 1 : 2;
    return sameButCase || known.find((each) => distance(each.toLowerCase(), lower) <= most);
  }

  /**
   * Puts a checklist and advice below the scope field.
   *
   * @param known the scopes that are offered
   * @param longest the limit of servers, in characters; 0 if there is none
   * @returns `offer(names)` adds names to the checklist
   */
  function prepareScopes(node, known, longest) {
    const input = shared().inputOf(node, 'scope');
    const offered = [...known];
    const list = $('<fieldset style="margin: 4px 0 0; padding: 0; border: 0">');
    const advice = $('<div role="status" id="vg-auth-scope-advice">');
    input.closest('.form-row').append(list, advice);
    input.attr('aria-describedby', 'vg-auth-scope-advice');

    const write = (words) => {
      input.val(words.join(' ')).trigger('change');
    };
    const toggle = (scope, isOn) => {
      const others = wordsOf(input.val()).filter((word) => word !== scope);
      write(isOn ? [...others, scope] : others);
    };
    const draw = () => {
      list.empty().append($('<legend style="position: absolute; left: -9999px">').text(say('known')));
      offered.forEach((scope) => {
        const box = $('<input type="checkbox" style="width: auto; margin: 0 4px 0 0; vertical-align: baseline">');
        box.val(scope).on('change', () => toggle(scope, box.prop('checked')));
        $('<label class="vg-auth-no-value" style="display: inline-block; width: auto; margin: 0 12px 2px 0">')
          .append(box, document.createTextNode(scope))
          .appendTo(list);
      });
    };
    const suggest = (word, right) => {
      const button = $('<button type="button" class="red-ui-button red-ui-button-small" style="margin-left: 6px">');
      button.text(say('replace', { right: right })).on('click', () => {
        write(wordsOf(input.val()).map((each) => (each === word ? right : each)));
        input.trigger('focus');
      });
      $('<div style="margin-top: 4px">')
        .append(
          '<i class="fa fa-exclamation-triangle" aria-hidden="true"></i> ',
          document.createTextNode(say('unknown', { word: word, right: right })),
          button,
        )
        .appendTo(advice);
    };
    const adapt = () => {
      const text = String(input.val());
      const words = wordsOf(text);
      const isVariable = /^\s*\$[{(]/.test(text);
      list
        .toggle(!isVariable)
        .find('input')
        .each(function () {
          $(this).prop('checked', words.indexOf(this.value) !== -1);
        });
      // A press on one of its buttons takes the focus from the field, which is a change. The button has to stay for the click.
      const about = JSON.stringify([text, offered]);
      if (advice.data('about') === about) return;
      advice.data('about', about).empty();
      if (isVariable) return;
      words.forEach((word) => {
        const right = meant(word, offered);
        if (right) suggest(word, right);
      });
      const { length } = words.join(' ');
      if (longest > 0 && length > longest) {
        $('<div style="margin-top: 4px">')
          .append('<i class="fa fa-exclamation-triangle" aria-hidden="true"></i> ')
          .append(document.createTextNode(say('too-long', { length: length, longest: longest })))
          .appendTo(advice);
      }
    };
    input.on('input change', adapt);
    draw();
    adapt();
    return {
      offer: (names) => {
        offered.push(...names.filter((name) => offered.indexOf(name) === -1));
        draw();
        adapt();
      },
    };
  }

  RED.plugins.registerPlugin('vg-auth-scopes', {
    type: 'vg-auth',
    wordsOf: wordsOf,
    meant: meant,
    prepareScopes: prepareScopes,
  });
})();

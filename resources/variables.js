// Hints below the fields of a config dialog that are `${NAME}`. A dialog gets this code with
// RED.plugins.getPlugin('vg-auth-variables').
(() => {
  const VARIABLE = /^\s*\$(?:\{([^}]+)\}|\(([^)]+)\))\s*$/;

  const shared = () => RED.plugins.getPlugin('vg-auth');
  const tester = () => RED.plugins.getPlugin('vg-auth-test');

  /** The fields that are a variable, with their texts, by property. */
  function readVariables(node, properties) {
    const values = tester().valuesOf(node, properties);
    const variables = properties.filter((property) => VARIABLE.test(values[property]));
    return Object.fromEntries(variables.map((property) => [property, values[property]]));
  }

  /**
   * Shows below each field that is `${NAME}` whether this variable has a value in Node-RED. The place for the hint is
   * there as soon as the field changes, so that the form does not move when the answer arrives: a click could miss.
   */
  function watchVariables(node, properties) {
    /** The present or last request to Node-RED. */
    let written = {};
    let isAsking = false;
    const hints = {};

    const show = (next) => {
      const changed = properties.filter((property) => next[property] !== written[property]);
      if (changed.length === 0) return;
      written = next;
      changed.forEach((property) => {
        hints[property]?.remove();
        hints[property] = reserveHint(shared().inputOf(node, property), property, next[property]);
      });
      ask();
    };

    const ask = () => {
      if (isAsking || Object.keys(written).length === 0) return;
      isAsking = true;
      const asked = written;
      tester()
        .post(`${node.type}/test`, Object.assign({ id: node.id, z: node.z || '', variablesOnly: true }, asked))
        .done(({ variables }) => {
          variables
            .filter(({ property }) => hints[property] && written[property] === asked[property])
            .forEach((found) => {
              tester().write(hints[found.property], [tester().variableLine(found)]);
            });
        })
        .fail(() => show({}))
        .always(() => {
          isAsking = false;
          if (asked !== written) ask();
        });
    };

    const look = () => show(readVariables(node, properties));
    properties.forEach((property) => {
      shared().inputOf(node, property).on('input change', look);
    });
    look();
  }

  /**
   * Makes an empty place below a field, as high as the hint.
   *
   * @returns the place; undefined if the text is no variable
   */
  function reserveHint(input, property, text) {
    input.removeAttr('aria-describedby');
    const [, braced, parenthesized] = VARIABLE.exec(text || '') || [];
    const variable = braced || parenthesized;
    if (!variable) return undefined;
    const id = `vg-auth-variable-${property}`;
    const place = $('<div role="status" style="margin-top: 2px">').attr('id', id);
    input.attr('aria-describedby', id).closest('.form-row').append(place);
    // The longest of the messages.
    tester().write(place, [tester().variableLine({ variable: variable, isSet: false })]);
    place.children().css('visibility', 'hidden');
    place.css('min-height', `${place.height()}px`);
    return place;
  }

  RED.plugins.registerPlugin('vg-auth-variables', { type: 'vg-auth', watchVariables: watchVariables });
})();

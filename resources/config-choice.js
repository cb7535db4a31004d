// The row by which a node chooses its config node: from a list, or by a name that a message brings. A dialog gets this
// code with RED.plugins.getPlugin('vg-auth-config-choice').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');

  /** Whether a message brings the name of the config node that `account` or `server` names otherwise. */
  function isByName(node, property) {
    const type = shared().read(node, `${property}NameType`);
    return !!type && type !== 'fixed';
  }

  /** The config node that is selected; undefined if there is none, or if a message brings its name. */
  function chosenNode(node, property) {
    return isByName(node, property) ? undefined : RED.nodes.node(shared().read(node, property));
  }

  /** A validator of a reference to a config node: true, or a sentence. */
  function checkReference(node, property, value) {
    const label = { prop: shared().labelOf(node, property) };
    if (!value || value === '_ADD_') return RED._('validator.errors.missing-required-prop', label);
    const found = RED.nodes.node(value);
    if (!found) return RED._('validator.errors.missing-config', label);
    if (found.valid === false) return RED._('validator.errors.invalid-config', label);
    return shared().checkPlace(node, property, value);
  }

  /** As `checkReference`, unless a message brings the name. */
  function checkChoice(node, property, value) {
    return isByName(node, property) || checkReference(node, property, value);
  }

  /**
   * A validator of the name of the config node `property`, if a message brings it.
   *
   * @param isOn whether the node uses the config node
   */
  function checkName(node, property, value, isOn = true) {
    return RED.plugins.getPlugin('vg-auth-choices').checkWithType(node, `${property}Name`, () => {
      if (!isOn || !isByName(node, property)) return true;
      const label = shared().labelOf(node, property);
      if (shared().isBlank(value)) return shared().say('check.missing', { label: label });
      return RED.utils.validateTypedProperty(value, shared().read(node, `${property}NameType`), { label: label });
    });
  }

  /** The config nodes that a node may use, in a flow or subflow. */
  function usable(type, z) {
    const found = [];
    RED.nodes.eachConfig((config) => {
      if (config.type === type && !config.d && (!config.z || config.z === z)) found.push(config);
    });
    return found;
  }

  /** Chooses the config node in the dialog if there is only one, and none is chosen. */
  function chooseOnly(node, property) {
    const select = shared().inputOf(node, property);
    const [only, other] = usable(node._def.defaults[property].type, node.z);
    if (only && !other && (select.val() || '_ADD_') === '_ADD_') select.val(only.id).trigger('change');
  }

  /** Creates a config node that uses the practice server. It is global, or belongs to the subflow that is open. */
  function addPractice(type) {
    const definition = RED.nodes.getType(type);
    const subflow = RED.nodes.subflow(RED.workspaces.active());
    const config = {
      id: RED.nodes.id(),
      type: type,
      z: subflow?.id || '',
      users: [],
      _def: definition,
      _: definition._,
    };
    Object.entries(definition.defaults).forEach(([property, { value }]) => {
      config[property] = value;
    });
    config.practice = true;
    config.name = shared().say('practice.name');
    RED.history.push({ t: 'add', nodes: [config.id], dirty: RED.nodes.dirty() });
    const added = RED.nodes.add(config);
    RED.editor.validateNode(added);
    RED.nodes.dirty(true);
    return added;
  }

  /** The config node that this button has created before, if the node can use it. */
  const practiceNode = (type, flow) =>
    usable(type, flow).find(({ practice, name }) => practice === true && name === shared().say('practice.name'));

  /** Offers the practice server below a list of config nodes while none is chosen. */
  function offerPractice(node, property) {
    const { type } = node._def.defaults[property];
    const select = shared().inputOf(node, property);
    const button = $('<button type="button" class="red-ui-button">').text(shared().say('practice.use'));
    const isNone = () => (select.val() || '_ADD_') === '_ADD_';
    button.on('click', () => {
      const { id, name } = practiceNode(type, node.z) || addPractice(type);
      if (select.find('option').filter((_, { value }) => value === id).length === 0)
        select.append($('<option>').val(id).text(name));
      select.val(id).trigger('change').trigger('focus');
    });
    select.closest('.form-row').append(button);
    const adapt = () => button.toggle(isNone() && !isByName(node, property));
    select.on('change', adapt);
    return adapt;
  }

  /**
   * Prepares the row of a config node: the list of config nodes, and in the same place the name that a message brings.
   *
   * @param property `account` or `server`; the name is in `accountName` or `serverName`
   * @param tip the hint that is shown if a message brings the name
   * @param isOn whether the row is shown; by default it always is
   * @returns a function that shows and hides the elements of the row
   */
  function prepareChoice(node, property, tip, isOn) {
    const { say, typed, inputOf, markRequired } = shared();
    const fixed = { value: 'fixed', label: say('type.fixed'), hasValue: false };
    const name = inputOf(node, `${property}Name`);
    name.attr('aria-labelledby', inputOf(node, property).attr('aria-labelledby'));
    typed(node, `${property}Name`, [fixed, 'msg', 'flow', 'global', 'env'], `${property}NameType`, property);
    const row = name.closest('.form-row');
    const adaptOffer = offerPractice(node, property);
    const trigger = row.find('.red-ui-typedInput-type-select');
    const adapt = () => {
      const isShown = !isOn || isOn() || RED.plugins.getPlugin('vg-auth-choices').isUnknown(node, `${property}Name`);
      const isNamed = isByName(node, property);
      row.toggle(isShown).toggleClass('vg-auth-by-name', isNamed);
      inputOf(node, property).parent().toggle(!isNamed);
      // The list next to it shows the choice.
      if (!isNamed)
        trigger.find('.red-ui-typedInput-type-label').empty().append('<i class="fa fa-cog" aria-hidden="true"></i>');
      trigger.attr('aria-label', trigger.attr('title'));
      tip.toggle(isShown && isNamed);
      adaptOffer();
    };
    markRequired(node, [property], true);
    name.on('change', adapt);
    return adapt;
  }

  /**
   * Chooses the config nodes of a node that a person adds, if there is only one of the type that the node may use. A
   * property that is set stays.
   */
  function completeNew(node, options) {
    // A flow that is loaded comes with null.
    if (!/^(palette|typeSearch)$/.test(options?.source) || node._def.set?.module !== '@vg-auth/node-red-vg-auth')
      return;
    const properties = ['account', 'server'].filter((property) => node._def.defaults[property] && !node[property]);
    const choices = properties
      .map((property) => ({ property: property, found: usable(node._def.defaults[property].type, node.z) }))
      .filter(({ found }) => found.length === 1);
    // A node with a source of tokens uses the config node of its source.
    const own = choices.filter(({ property }) => !('source' in node._def.defaults) || isOfSource(node, property));
    own.forEach(({ property, found }) => {
      node[property] = found[0].id;
    });
    if (own.length > 0) RED.nodes.updateConfigNodeUsers(node, { action: 'add' });
  }

  /** Whether attach bearer uses this config node with its source. */
  function isOfSource({ source }, property) {
    return property === { vgs: 'account', vg: 'server' }[source];
  }

  RED.events.on('nodes:add', completeNew);

  RED.plugins.registerPlugin('vg-auth-config-choice', {
    type: 'vg-auth',
    checkChoice: checkChoice,
    checkName: checkName,
    chosenNode: chosenNode,
    prepareChoice: prepareChoice,
    chooseOnly: chooseOnly,
    completeNew: completeNew,
  });
})();

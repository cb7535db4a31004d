// The steps that a test of a connection shows. The Test button finds it with RED.plugins.getPlugin('vg-auth-test-steps').
(() => {
  const shared = () => RED.plugins.getPlugin('vg-auth');
  const tester = () => RED.plugins.getPlugin('vg-auth-test');
  const say = (key, values) => shared().say(`test.${key}`, values);
  const good = (text) => tester().good(text);
  const bad = (text) => tester().bad(text);
  const note = (text) => tester().note(text);
  const faultOf = (node, api) => tester().faultOf(node, api);

  /** The state of a step. If the stored user needs a second factor, there is no token, but nothing is wrong. */
  function stateOf({ steps, person }, name) {
    const { state } = (steps || []).find(({ step }) => step === name) || {};
    const isChallenged = name === 'token' && person?.state === 'challenged' && !person.reason;
    return state === 'failed' && isChallenged ? 'needs-human' : state;
  }

  /** The line of a step: its name and its result. The lines below it have the details. */
  function stepLine(verdict, name) {
    const state = stateOf(verdict, name);
    if (!state) return [];
    const line = { ok: good, failed: bad, skipped: note, 'needs-human': note }[state];
    const text = shared().say('punctuation.prefix', { prefix: say(`step.${name}`), text: say(`step-state.${state}`) });
    return [Object.assign(line(text), { isHeading: true })];
  }

  /** The call of the API. It is in `api` of the verdict, or of the person who was signed in. */
  function apiLines(node, verdict) {
    const heading = stepLine(verdict, 'api');
    if (heading.length === 0) return [];
    const api = verdict.api || verdict.person?.api;
    if (!api) return [...heading, note(say('skipped.api'))];
    if (api.state === 'failed') return [...heading, bad(faultOf(node, api))];
    const key = api.state === 'refused' ? 'api-refused' : api.host === 'practice' ? 'api-practice' : 'api-ok';
    return [...heading, { ok: good, refused: bad }[api.state](say(key, { host: api.host, status: api.status }))];
  }

  /**
   * The three steps. A test that stops at the settings has its reason there.
   *
   * @param tokenLines the lines of the token
   * @param address the property that a token endpoint is filled into
   */
  function stepLines(node, verdict, tokenLines, address) {
    const isStopped = (verdict.steps || []).some(({ step, state }) => step === 'settings' && state === 'failed');
    const reason = isStopped ? tester().noAnswer(node, verdict) || [] : [];
    return [
      ...stepLine(verdict, 'settings'),
      ...reason,
      ...(verdict.practiceForAll ? [note(say('practice-for-all'))] : []),
      ...stepLine(verdict, 'token'),
      ...(isStopped ? [] : [...tokenLines, ...endpointLines(node, verdict, address)]),
      ...apiLines(node, verdict),
    ];
  }

  /** The token endpoint that the server names, with a button that fills it in. */
  function endpointLines(node, { tokenEndpoint, isIssuer }, address) {
    if (typeof tokenEndpoint !== 'string' || !address) return [];
    const text = say(isIssuer ? 'endpoint-of-issuer' : 'endpoint-found', { endpoint: tokenEndpoint });
    const use = () => shared().inputOf(node, address).val(tokenEndpoint).trigger('change').trigger('focus');
    return [Object.assign(note(text), { button: { text: say('endpoint-use'), click: use } })];
  }

  RED.plugins.registerPlugin('vg-auth-test-steps', { type: 'vg-auth', stepLines: stepLines });
})();

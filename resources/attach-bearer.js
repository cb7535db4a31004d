// The checks of the attach bearer dialog. It gets them with RED.plugins.getPlugin('vg-auth-attach-bearer').
(() => {
  /** As in nodes/shared/bearer/hosts.ts. */
  const ENTRY = /^(\*\.)?([^*/\\?#@:[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;
  const IP = /^\[|^[\d.]+$/;

  /** Nodes that start a flow, and whose messages do not come from outside. */
  const OWN = ['inject', 'catch', 'status', 'complete', 'link in'];

  function isHost(word) {
    const [, wildcard, name, port] = ENTRY.exec(word) || [];
    if (name === undefined || Number(port || 0) > 65535) return false;
    try {
      const { hostname } = new URL(`http://${name}/`);
      return !(wildcard && IP.test(hostname));
    } catch (_notAHost) {
      return false;
    }
  }

  /** Whether a text is empty, or is host names that are separated by blanks or commas. */
  function areHosts(text) {
    return String(text || '')
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .every(isHost);
  }

  /** A property whose whole value comes from the environment. */
  const VARIABLE = /^\$(\{[^}]+\}|\([^)]+\))$/;

  /** Whether a text is statuses from 400 to 499, separated by blanks or commas, or nothing. As in reject-on.ts. */
  function areStatuses(text) {
    const value = String(text || '');
    const words = value.split(/[\s,]+/).filter((word) => word !== '');
    return VARIABLE.test(value.trim()) || words.every((word) => /^4\d\d$/.test(word));
  }

  /** Whether a value is a whole number of at most nine digits, or nothing. As in flow-node-properties.ts. */
  function isWholeNumber(value, least) {
    if (typeof value === 'object' && value !== null) return false;
    const text = String(value === undefined || value === null ? '' : value).trim();
    return text === '' || VARIABLE.test(text) || (/^\d{1,9}$/.test(text) && Number(text) >= least);
  }

  /** The nodes of the flow that are wired or linked to this one, before or after it. */
  function reach(node, isBehind) {
    const found = new Set();
    const next = [node];
    while (next.length > 0) {
      const at = next.pop();
      const links = RED.nodes.filterLinks(isBehind ? { source: { id: at.id } } : { target: { id: at.id } });
      const linked = /^link (in|out|call)$/.test(at.type) ? (at.links || []).map((id) => RED.nodes.node(id)) : [];
      [...links.map(({ source, target }) => (isBehind ? target : source)), ...linked]
        .filter((each) => each && each !== node && !found.has(each))
        .forEach((each) => {
          found.add(each);
          next.push(each);
        });
    }
    return [...found];
  }

  /** Whether a node brings messages from outside, such as `http in` or the input of a subflow. */
  function isFromOutside({ type, inputs }) {
    return type === 'subflow' || (inputs === 0 && OWN.indexOf(type) === -1);
  }

  /** Whether a node is an `http request` without a URL of its own, or the output of a subflow. */
  function takesAddress({ type, url }) {
    return type === 'subflow' || (type === 'http request' && String(url || '').trim() === '');
  }

  /** Whether a message from outside can set the URL to which `http request` sends the token. */
  function mayComeFromOutside(node) {
    return reach(node, false).some(isFromOutside) && reach(node, true).some(takesAddress);
  }

  RED.plugins.registerPlugin('vg-auth-attach-bearer', {
    type: 'vg-auth',
    areHosts: areHosts,
    areStatuses: areStatuses,
    isWholeNumber: isWholeNumber,
    mayComeFromOutside: mayComeFromOutside,
  });
})();

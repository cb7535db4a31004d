// What the dialog of attach bearer needs. It finds it with RED.plugins.getPlugin('vg-auth-attach-bearer').
(() => {
  /** As in nodes/shared/bearer/hosts.ts. */
  const ENTRY = /^(\*\.)?([^*/\\?#@:[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;
  const IP = /^\[|^[\d.]+$/;

  /** Nodes that begin a flow and bring nothing from outside. */
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

  /** Whether a text is host names, separated by blanks or commas, or nothing. */
  function areHosts(text) {
    return String(text || '')
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .every(isHost);
  }

  /** The nodes of the flow that are wired or linked to this one: before it, or behind it. */
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

  /** A node that brings messages from elsewhere, as `http in`, or the input of a subflow. */
  function isFromOutside({ type, inputs }) {
    return type === 'subflow' || (inputs === 0 && OWN.indexOf(type) === -1);
  }

  /** An `http request` without an address of its own, or the output of a subflow. */
  function takesAddress({ type, url }) {
    return type === 'subflow' || (type === 'http request' && String(url || '').trim() === '');
  }

  /** Whether a message from outside may say where `http request` sends the token. */
  function mayComeFromOutside(node) {
    return reach(node, false).some(isFromOutside) && reach(node, true).some(takesAddress);
  }

  RED.plugins.registerPlugin('vg-auth-attach-bearer', {
    type: 'vg-auth',
    areHosts: areHosts,
    mayComeFromOutside: mayComeFromOutside,
  });
})();

/** Where this Node-RED serves its HTTP and WebSocket nodes, for flows that call their own nodes. */
const NODE_RED_URL_VARIABLE = 'VG_AUTH_NODE_RED_URL';

/** What settings.js says about the address. The command line has the port there, too. */
interface AddressSettings {
  uiPort?: unknown;
  uiHost?: unknown;
  https?: unknown;
  httpNodeRoot?: unknown;
}

/**
 * The address at which a node of this Node-RED reaches its `http in` and WebSocket nodes, without a slash at the end:
 * `http://127.0.0.1:1880`.
 */
export function nodeRedUrl({ uiPort, uiHost, https, httpNodeRoot }: AddressSettings): string {
  const root = typeof httpNodeRoot === 'string' ? httpNodeRoot.replace(/^\/?/, '/').replace(/\/+$/, '') : '';
  return `${https ? 'https' : 'http'}://${hostOf(uiHost)}:${Number(uiPort) || 1880}${root}`;
}

/** Puts the address into the environment of this process, unless the variable has a value already. */
export function tellNodeRedUrl(settings: object): void {
  process.env[NODE_RED_URL_VARIABLE] ??= nodeRedUrl(settings);
}

/** A server that listens everywhere is reached on loopback. */
function hostOf(uiHost: unknown): string {
  if (typeof uiHost !== 'string' || ['', '0.0.0.0', '::'].includes(uiHost)) return '127.0.0.1';
  return uiHost.includes(':') ? `[${uiHost}]` : uiHost;
}

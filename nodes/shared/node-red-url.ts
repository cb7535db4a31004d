import { withoutTrailingSlashes } from '../../src/http/address.ts';

/** The variable with the address of this Node-RED's HTTP and WebSocket nodes, for flows that call their own nodes. */
const NODE_RED_URL_VARIABLE = 'VG_AUTH_NODE_RED_URL';

/** The settings about the address. Node-RED puts a port from the command line there, too. */
interface AddressSettings {
  uiPort?: unknown;
  uiHost?: unknown;
  https?: unknown;
  httpNodeRoot?: unknown;
}

/**
 * The address of the `http in` and WebSocket nodes of this Node-RED, for its own nodes. It has no slash at the end:
 * `http://127.0.0.1:1880`.
 */
export function nodeRedUrl({ uiPort, uiHost, https, httpNodeRoot }: AddressSettings): string {
  const root = typeof httpNodeRoot === 'string' ? withoutTrailingSlashes(httpNodeRoot.replace(/^\/?/, '/')) : '';
  return `${https ? 'https' : 'http'}://${hostOf(uiHost)}:${Number(uiPort) || 1880}${root}`;
}

/** Sets the variable in the environment of this process, unless it has a value. */
export function setNodeRedUrl(settings: object): void {
  process.env[NODE_RED_URL_VARIABLE] ??= nodeRedUrl(settings);
}

/** A server that listens on all addresses is reachable at 127.0.0.1. */
function hostOf(uiHost: unknown): string {
  if (typeof uiHost !== 'string' || ['', '0.0.0.0', '::'].includes(uiHost)) return '127.0.0.1';
  return uiHost.includes(':') ? `[${uiHost}]` : uiHost;
}

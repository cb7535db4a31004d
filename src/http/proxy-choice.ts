/** Variables by name, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** `proxyOptions` of settings.js, which also apply to the core `http request` node. */
export interface ProxyOptions {
  /** `legacy` is the rule of Node-RED 3.0. `NR_PROXY_MODE` comes first. */
  mode?: unknown;
  lowerCaseOnly?: unknown;
  favourUpperCase?: unknown;
  /** Leaves out `npm_config_*`. */
  excludeNpm?: unknown;
  /** Is read in place of `process.env`. */
  env?: Variables | undefined;
}

/** A proxy, and the variable that names it. */
export interface ChosenProxy {
  /** As in the variable: the scheme may be missing. */
  address: string;
  variable: string;
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * The proxy for an address, chosen as the core `http request` node chooses it (`getProxyForUrl` in Node-RED's
 * `proxyHelper.js`), because a server that one of them reaches must be in reach of the other.
 *
 * @param url an http or https address
 * @returns undefined for a direct connection
 */
export function chooseProxy(url: URL, options: ProxyOptions = {}): ChosenProxy | undefined {
  const env = options.env ?? process.env;
  if (modeOf(options) === 'legacy') return chooseAsBefore(url, env);
  const find = (name: string): ChosenProxy | undefined => findVariable(name, env, options);
  const exceptions = find('npm_config_no_proxy') ?? find('no_proxy');
  if (exceptions && isException(url, exceptions.address.toLowerCase())) return undefined;
  const protocol = url.protocol.slice(0, -1);
  return (
    find(`npm_config_${protocol}_proxy`) ?? find(`${protocol}_proxy`) ?? find('npm_config_proxy') ?? find('all_proxy')
  );
}

function modeOf({ mode }: ProxyOptions): unknown {
  const override = process.env.nr_proxy_mode || process.env.NR_PROXY_MODE;
  return override === 'legacy' || override === 'strict' ? override : mode;
}

/** A variable that is set and not empty. The lower case comes first, unless the options say otherwise. */
function findVariable(name: string, env: Variables, options: ProxyOptions): ChosenProxy | undefined {
  if (options.excludeNpm === true && name.startsWith('npm_config_')) return undefined;
  const upper = name.toUpperCase();
  const names =
    options.lowerCaseOnly === true ? [name] : options.favourUpperCase === true ? [upper, name] : [name, upper];
  const variable = names.find((each) => env[each]);
  return variable === undefined ? undefined : { address: String(env[variable]), variable };
}

/**
 * Whether a list in the form of `NO_PROXY` has the host: `*`, `host`, `.suffix`, `*suffix`, each perhaps with a port.
 */
function isException({ host, port, protocol }: URL, list: string): boolean {
  if (list === '*') return true;
  const name = host.replace(/:\d*$/, '');
  const ownPort = Number(port) || PORTS[protocol];
  return list.split(/[,\s]/).some((entry) => {
    const [, before, digits] = /^(.+):(\d+)$/.exec(entry) ?? [];
    const pattern = before ?? entry;
    if (pattern === '' || (Number(digits) && Number(digits) !== ownPort)) return false;
    return /^[.*]/.test(pattern) ? name.endsWith(pattern.replace(/^\*/, '')) : name === pattern;
  });
}

/** The rule of Node-RED 3.0: one proxy for both schemes, and an exception is any part of the address. */
function chooseAsBefore({ href }: URL, env: Variables): ChosenProxy | undefined {
  const variable = ['HTTP_PROXY', 'http_proxy'].find((name) => env[name]);
  const list = env.NO_PROXY || env.no_proxy;
  const exceptions = list ? list.split(',') : [];
  if (variable === undefined || exceptions.some((part) => href.includes(part.trim()))) return undefined;
  return { address: String(env[variable]), variable };
}

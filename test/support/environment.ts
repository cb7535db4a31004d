/** The original values of the variables that a test changed. */
const before = new Map<string, string | undefined>();

/** Sets, or with undefined deletes, variables of the environment until the test is over. */
export function setEnvironment(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (!before.has(name)) before.set(name, process.env[name]);
    put(name, value);
  }
}

/** Removes the proxies of this machine from the environment: tests connect to loopback only. */
export function withoutProxies(): void {
  const names = [
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'all_proxy',
    'npm_config_http_proxy',
    'npm_config_https_proxy',
    'npm_config_proxy',
    'npm_config_no_proxy',
    'nr_proxy_mode',
  ];
  for (const name of names) setEnvironment({ [name]: undefined, [name.toUpperCase()]: undefined });
}

export function restoreEnvironment(): void {
  for (const [name, value] of before) put(name, value);
  before.clear();
}

function put(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

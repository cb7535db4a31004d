/** The steps to a property: `payload["user"].password` is `['payload', 'user', 'password']`. */
export type Path = readonly (string | number)[];

/**
 * Deletes a parameter from a URL and leaves everything else as it is.
 * Names are read as Express reads them (package `qs`): `user[password]`, `codes[]` and `codes[0]` are paths.
 *
 * @param path the path of the parameter in the query
 * @param value its value. Of several parameters with this path, those with this text are deleted;
 *   if it is an object or an array, all of them and all below it
 */
export function withoutParameter(url: string, path: Path, value: unknown): string {
  const at = url.indexOf('?');
  if (at === -1) return url;
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((parameter) => !isParameter(parameter, path, value));
  return kept.length > 0 ? `${url.slice(0, at)}?${kept.join('&')}` : url.slice(0, at);
}

function isParameter(parameter: string, path: Path, value: unknown): boolean {
  const readable = parameter.replace(/%5B/gi, '[').replace(/%5D/gi, ']');
  const afterBracket = readable.indexOf(']=');
  const equals = afterBracket === -1 ? readable.indexOf('=') : afterBracket + 1;
  const name = decode(equals === -1 ? readable : readable.slice(0, equals));
  const wanted = namesIn(path.join('.'));
  const found = namesIn(name);
  if (!wanted.every((each, index) => each === found[index])) return false;
  if (typeof value === 'object') return true;
  return found.length === wanted.length && decode(equals === -1 ? '' : readable.slice(equals + 1)) === value;
}

/** The names in a path. Indexes are left out, because `codes=1&codes=2` has no indexes. */
function namesIn(path: string): string[] {
  return path
    .split(/[[\].]/)
    .filter((name) => name !== '')
    .filter((name, index) => index === 0 || !/^\d+$/.test(name));
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

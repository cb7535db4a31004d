import { isMap, isScalar, isSeq, parseAllDocuments, visit, type YAMLMap } from 'yaml';

/** The largest file that is read, in characters. */
export const LARGEST_FILE = 65_536;

const MOST_SCOPES = 200;
const LONGEST_VALUE = 1000;
const MOST_LINES = 3000;
const LONGEST_LINE = 4000;
const MOST_BRACKETS = 400;

/** Why a file is refused. The catalog has a sentence for each, as `import.fault.…`. */
export const FILE_FAULTS = [
  'empty',
  'too-large',
  'too-deep',
  'not-yaml',
  'several-documents',
  'has-references',
  'wrong-kind',
  'wrong-version',
  'no-data',
  'value-invalid',
  'value-twice',
  'placeholder',
  'half-credentials',
  'nothing-in-it',
] as const;

export type FileFault = (typeof FILE_FAULTS)[number];

/** The service account in a file of the `vgs` CLI. A part that the file does not have is empty. */
export interface ServiceAccountFile {
  state: 'read';
  /** Both, or neither: a file of `vgs generate` has none yet. */
  clientId: string;
  clientSecret: string;
  name: string;
  /** The scopes that every token has. */
  scopes: string[];
  /** The scopes that a token has only if they are requested. */
  optionalScopes: string[];
  vaultIds: string[];
  /** In seconds. */
  lifespan?: number;
}

/** A file that is refused as a whole. `values` has nothing of the file but names of fields. */
export interface UnreadableFile {
  state: 'unreadable';
  fault: FileFault;
  values: Record<string, string | number>;
}

class FileError extends Error {
  readonly fault: FileFault;
  readonly values: Record<string, string | number>;

  constructor(fault: FileFault, values: Record<string, string | number> = {}) {
    super(fault);
    this.fault = fault;
    this.values = values;
  }
}

/**
 * Reads what `vgs apply service-account` prints, or the `credentials.yaml` that `vgs generate` makes (PROTOCOL.md: the file of the CLI).
 * A pure function. It never throws, and reads all of a file or nothing.
 */
export function readServiceAccountFile(text: string): ServiceAccountFile | UnreadableFile {
  try {
    return readAccount(readData(text));
  } catch (thrown) {
    // Any other error comes from the parser, for example for a file of open brackets.
    const { fault, values } = thrown instanceof FileError ? thrown : new FileError('not-yaml', { line: 1 });
    return { state: 'unreadable', fault, values };
  }
}

function readData(text: string): YAMLMap {
  if (text.length > LARGEST_FILE) throw new FileError('too-large');
  if (isDeep(text)) throw new FileError('too-deep');
  // The failsafe schema leaves every value a text: a secret of digits does not become a number.
  // `entryOf` finds repeated keys. The parser's own search takes seconds for thousands of keys.
  const documents = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
  const all = Array.isArray(documents) ? documents : [];
  for (const { errors, warnings } of all) {
    const problem = errors[0] ?? warnings[0];
    if (problem) throw new FileError('not-yaml', { line: problem.linePos?.[0].line ?? 1 });
  }
  const filled = all.filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.value === ''));
  const [document] = filled;
  if (!document) throw new FileError('empty');
  if (filled.length > 1) throw new FileError('several-documents');
  visit(document, {
    Alias: refuseReference,
    Value: (_, { anchor }) => (anchor ? refuseReference() : undefined),
  });
  if (!isMap(document.contents)) throw new FileError('wrong-kind');
  const file = document.contents;
  if (textOf(file, 'kind') !== 'ServiceAccount') throw new FileError('wrong-kind');
  const version = textOf(file, 'apiVersion');
  if (version !== '' && !/^v?1(\.|$)/.test(version)) throw new FileError('wrong-version');
  const data = entryOf(file, 'data');
  if (!isMap(data)) throw new FileError('no-data');
  return data;
}

/**
 * Whether a text may nest deeper than any such file. The parser is recursive, and some ten thousand open braces would end the
 * whole process, so this is checked first.
 */
function isDeep(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/);
  const brackets = text.split(/[[{]/).length - 1;
  return (
    brackets > MOST_BRACKETS ||
    lines.length > MOST_LINES ||
    lines.some(
      (line) => /^[ \t]{60}/.test(line) || /^\s*(?:[-?:!&*]\S*\s+){8}/.test(line) || line.length > LONGEST_LINE,
    )
  );
}

function refuseReference(): never {
  throw new FileError('has-references');
}

function readAccount(data: YAMLMap): ServiceAccountFile {
  const clientId = readName(data, 'clientId');
  const clientSecret = readName(data, 'clientSecret');
  if ((clientId === '') !== (clientSecret === '')) {
    throw new FileError('half-credentials', { field: clientId === '' ? 'clientId' : 'clientSecret' });
  }
  const scopes = readScopes(data);
  const lifespan = readLifespan(data);
  const account: ServiceAccountFile = {
    state: 'read',
    clientId,
    clientSecret,
    name: readName(data, 'name'),
    scopes: scopes.filter(({ optional }) => !optional).map(({ name }) => name),
    optionalScopes: scopes.filter(({ optional }) => optional).map(({ name }) => name),
    vaultIds: readVaults(data),
    ...(lifespan === undefined ? {} : { lifespan }),
  };
  if (clientId === '' && scopes.length === 0 && account.vaultIds.length === 0) throw new FileError('nothing-in-it');
  return account;
}

function readScopes(data: YAMLMap): { name: string; optional: boolean }[] {
  const found = new Map<string, { name: string; optional: boolean }>();
  for (const item of itemsOf(data, 'scopes')) {
    const name = isMap(item) ? textOf(item, 'name') : asText(item, 'scopes');
    // RFC 6749 3.3
    if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(name)) throw new FileError('value-invalid', { field: 'scopes' });
    refusePlaceholder(name, 'scopes');
    const flag = isMap(item) ? textOf(item, 'optional').toLowerCase() : '';
    if (!['', 'true', 'false'].includes(flag)) throw new FileError('value-invalid', { field: 'optional' });
    const optional = flag === 'true' && found.get(name)?.optional !== false;
    found.set(name, { name, optional });
  }
  return [...found.values()];
}

/** The old annotation, and the newer lists. */
function readVaults(data: YAMLMap): string[] {
  const annotations = entryOf(data, 'annotations');
  const annotated = isMap(annotations) ? readName(annotations, 'vgs.io/vault-id') : '';
  const listed = ['vaults', 'tenants'].flatMap((field) =>
    itemsOf(data, field).map((item) => checkName(asText(item, field), field)),
  );
  return [...new Set([annotated, ...listed])].filter((id) => id !== '');
}

function readLifespan(data: YAMLMap): number | undefined {
  const text = textOf(data, 'accessTokenLifespan');
  if (isNothing(text)) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new FileError('value-invalid', { field: 'accessTokenLifespan' });
  return Number(text);
}

/** A text of one line. */
function readName(map: YAMLMap, field: string): string {
  return checkName(textOf(map, field), field);
}

function checkName(text: string, field: string): string {
  if (isNothing(text)) return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched.
  if (text.length > LONGEST_VALUE || /[\u0000-\u001f\u007f]/.test(text))
    throw new FileError('value-invalid', { field });
  refusePlaceholder(text, field);
  return text;
}

/** The samples in documents have `<CLIENT_ID>`. */
function refusePlaceholder(text: string, field: string): void {
  if (/^<.*>$/.test(text)) throw new FileError('placeholder', { field });
}

function isNothing(text: string): boolean {
  return text === '' || text === '~' || text === 'null';
}

function itemsOf(map: YAMLMap, field: string): unknown[] {
  const value = entryOf(map, field);
  if (value === undefined || (isScalar(value) && isNothing(String(value.value)))) return [];
  if (!isSeq(value) || value.items.length > MOST_SCOPES) throw new FileError('value-invalid', { field });
  return value.items;
}

function textOf(map: YAMLMap, field: string): string {
  const value = entryOf(map, field);
  return value === undefined ? '' : asText(value, field);
}

function asText(value: unknown, field: string): string {
  if (!isScalar(value)) throw new FileError('value-invalid', { field });
  return String(value.value ?? '').trim();
}

/** The value of a key. A key that occurs twice is an error, because its values may differ. */
function entryOf(map: YAMLMap, field: string): unknown {
  const found = map.items.filter(({ key }) => isScalar(key) && key.value === field);
  if (found.length > 1) throw new FileError('value-twice', { field });
  return found[0]?.value ?? undefined;
}

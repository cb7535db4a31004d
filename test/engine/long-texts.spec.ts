import { Hosts } from '../../nodes/shared/bearer/hosts.ts';
import {
  ACCOUNT_SECRETS,
  SERVER_SECRETS,
  type SecretRule,
  STORE_SECRETS,
} from '../../nodes/shared/config/secret-owner.ts';
import { checkPlain, variableIn } from '../../nodes/shared/config/variables.ts';
import { nodeRedUrl } from '../../nodes/shared/node-red-url.ts';
import { withoutParameter } from '../../nodes/shared/query.ts';
import { flawOf } from '../../src/core/secret-flaw.ts';
import { readAddress, withoutTrailingSlashes } from '../../src/http/address.ts';
import { splitScope } from '../../src/oauth/token-endpoint.ts';
import { readRedisAddress } from '../../src/store/redis-address.ts';
import { causeOf } from '../../src/store/redis-faults.ts';
import { readServiceAccountFile } from '../../src/vgs/service-account-file.ts';
import { clientIdOf, tokenEndpointOf } from '../../src/visual-guard/dialect/wire.ts';
import { foldUser } from '../../src/visual-guard/same-user.ts';

const LENGTH = 2 ** 20;

const repeat = (part: string, end = ''): string => part.repeat(LENGTH / part.length) + end;

/** Texts of 1 MiB for which a regular expression may try every end for every start. */
const TEXTS: Record<string, string> = {
  'opened variables': repeat('${'),
  'other opened variables': repeat('$('),
  'variables that are not closed': repeat('${a'),
  'one variable that is not closed': `\${${repeat('a')}`,
  slashes: repeat('/', 'a'),
  'an address with slashes': `https://a.test${repeat('/', 'a')}`,
  'the address of a Redis with slashes': `redis://a${repeat('/', 'a')}`,
  blanks: repeat(' ', 'a'),
  'tabs and line breaks': repeat('\t\n', 'a'),
  digits: repeat('1', 'a'),
  colons: repeat(':', 'a'),
  'colons and digits': repeat(':1', 'a'),
  commas: repeat(',', 'a'),
  dots: repeat('.', 'a'),
  'wild cards': repeat('*.', '/'),
  quotes: repeat('"', 'a'),
  brackets: repeat('[', 'a'),
  underscores: repeat('_', 'a'),
  percent: repeat('%5B', '='),
  'invisible characters': repeat('\u200b', 'a'),
};

const owners = (rules: readonly SecretRule[], text: string): void => {
  for (const rule of rules) rule.owner({ written: () => text, writtenCredential: () => text });
};

/** The functions that read text of flows, messages, files and settings. */
const READERS: Record<string, (text: string) => unknown> = {
  variableIn,
  checkPlain: (text) => checkPlain('url', text),
  'secretFor of an account': (text) => owners(ACCOUNT_SECRETS, text),
  'secretFor of a server': (text) => owners(SERVER_SECRETS, text),
  'secretFor of a store': (text) => owners(STORE_SECRETS, text),
  hosts: (text) => Hosts.parse(text),
  nodeRedUrl: (text) => nodeRedUrl({ httpNodeRoot: text }),
  withoutParameter: (text) => withoutParameter(`/a?${text}&b=${text}`, ['a', 0], text),
  flawOf,
  withoutTrailingSlashes,
  readAddress: (text) => readAddress(text, 'url', false),
  tokenEndpointOf: (text) => tokenEndpointOf(new URL(text)),
  clientIdOf: (text) => clientIdOf(text, text),
  readRedisAddress: (text) => readRedisAddress(text, 'cluster', 'url'),
  causeOf: (text) => causeOf(new Error(text)),
  splitScope,
  readServiceAccountFile,
  foldUser,
};

/** A quadratic regular expression takes minutes for this, a linear one milliseconds. */
describe('a text of 1 MiB', () => {
  for (const [name, read] of Object.entries(READERS)) {
    it(`takes time that grows in proportion to its length: ${name}`, () => {
      for (const text of Object.values(TEXTS)) {
        try {
          read(text);
        } catch {
          // Most of these texts are refused.
        }
      }
    });
  }
});

import type { NodeAPI } from 'node-red';
import { failedCheck } from '../../../src/core/failed-check.ts';
import { PRACTICE_ORIGIN } from '../../../src/core/practice-defaults.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Transport } from '../../../src/http/transport.ts';
import { checkApi, readTestUrl, type TestApi } from '../../../src/oauth/api-check.ts';
import type { Token } from '../../../src/oauth/token.ts';
import { PracticeReader } from '../config/practice-reader.ts';
import { connectTo, type RouteConfig } from '../config/route.ts';
import type { Placed } from '../config/running-flow.ts';
import { referenceIn, type SecretRule } from '../config/secret-owner.ts';
import { isPracticeForAll } from '../practice-setting.ts';
import { testDialog, type Values } from './dialog-test.ts';
import type { TestSentences } from './test-sentences.ts';
import { type TestSummary, withPracticeForAll } from './test-steps.ts';

/** The address of any API if the practice server is used. */
const PRACTICE_API = `${PRACTICE_ORIGIN}/api/test`;

/** The parts of the settings that are needed here. `username` is the stored user. */
interface ConnectionSettings {
  tokenUrl: string;
  username?: string;
}

/** How a kind of config node with a connection is read and tested. */
export interface ConnectionTest<S extends ConnectionSettings, C extends object> {
  type: string;
  secrets: readonly SecretRule[];
  /** Properties that this test does not use. */
  unused?: readonly string[];
  read(fields: SettingsReader): S;
  /** @param testApi calls the API of `testUrl`. Undefined if there is none */
  check(settings: S, transport: Transport, testApi: TestApi | undefined): Promise<C>;
  summarize(sentences: TestSentences, check: C, hasApi: boolean): TestSummary;
}

/**
 * Tests the connection of a dialog, before a deploy, or the deployed one. A stored secret is used only for the host and
 * the client, and a password only for the user, for which it was stored.
 *
 * @param values the body of the request. Their types are checked
 * @returns the reply, without a token and without a stored secret
 */
export function testConnection<S extends ConnectionSettings, C extends object>(
  RED: NodeAPI,
  engine: Engine,
  { type, secrets, unused, read, check, summarize }: ConnectionTest<S, C>,
  values: Values,
): Promise<object> {
  const isForAll = isPracticeForAll(RED);
  return testDialog(
    RED,
    {
      type,
      secrets,
      unused: unused ?? [],
      read: (dialog) => {
        const fields = isForAll ? new PracticeReader(dialog) : dialog;
        const settings = read(fields);
        const practice = fields.flag('practice');
        const practiceApi = practice && isText(fields.written('testUrl')) ? new URL(PRACTICE_API) : undefined;
        const route = { practice, tls: idOf(fields, 'tls'), proxy: idOf(fields, 'proxy'), user: settings.username };
        return { settings, route, api: readTestUrl(fields) ?? practiceApi };
      },
      isLocal: ({ route }) => route.practice,
      check: async ({ settings, route, api }, user) => {
        const address = new URL(settings.tokenUrl);
        const connection = connectTo(RED, engine, user, route, address);
        try {
          const testApi = api && apiTest(RED, engine, user, route, address, api);
          const found = await check(settings, connection.transport, testApi);
          return { practice: route.practice, ...(isForAll ? { practiceForAll: true } : {}), ...found };
        } finally {
          connection.transport.close();
          connection.practice?.giveBack();
        }
      },
      summarize: (sentences, found, { api }) => {
        const summary = summarize(sentences, found, api !== undefined);
        return isForAll ? withPracticeForAll(sentences, summary) : summary;
      },
    },
    values,
  );
}

/** The call of an API. Its host gets the TLS configuration only if it is also the host of the token endpoint. */
function apiTest(
  RED: NodeAPI,
  engine: Engine,
  user: Placed,
  route: RouteConfig,
  tokenEndpoint: URL,
  api: URL,
): TestApi {
  const { tls, ...others } = route;
  const hasSameHost = api.hostname === tokenEndpoint.hostname;
  return async (token: Token) => {
    try {
      const connection = connectTo(RED, engine, user, hasSameHost ? route : others, api);
      try {
        return await checkApi(api.href, token, connection.transport);
      } finally {
        connection.transport.close();
        connection.practice?.giveBack();
      }
    } catch (thrown) {
      return { host: api.host, ...failedCheck(thrown) };
    }
  };
}

function idOf(fields: SettingsReader, property: string): string {
  return referenceIn(fields.written(property));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

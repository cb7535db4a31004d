import { type FailedCheck, failedCheck } from '../core/failed-check.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { readAddress } from '../http/address.ts';
import type { Transport } from '../http/transport.ts';
import type { Token } from './token.ts';

/** The result of a test call of an API. Only a 2xx status is `ok`. */
export type ApiCheck = { host: string } & ({ state: 'ok' | 'refused'; status: number } | FailedCheck);

/** Calls an API with a token. It never throws. */
export type TestApi = (token: Token) => Promise<ApiCheck>;

/**
 * The address of the API that a test calls.
 *
 * @returns undefined if there is none, or with the practice server
 * @throws AuthError `AUTH_CONFIG` as `readAddress`
 */
export function readTestUrl(fields: SettingsReader): URL | undefined {
  if (fields.flag('practice')) return undefined;
  const testUrl = fields.text('testUrl');
  if (testUrl.trim() === '' || fields.isStandIn?.('testUrl')) return undefined;
  return readAddress(testUrl, 'testUrl', fields.flag('insecureHttp'));
}

/**
 * Calls an API once: a GET with the token. It follows no redirect and reads no body.
 *
 * @param transport leads to the host of the address
 */
export async function checkApi(url: string, token: Token, transport: Transport): Promise<ApiCheck> {
  const { host } = transport;
  try {
    const { status } = await transport.send({
      url,
      method: 'GET',
      form: {},
      bearer: token.header,
      isBodyIgnored: true,
    });
    return { host, state: status >= 200 && status < 300 ? 'ok' : 'refused', status };
  } catch (thrown) {
    return { host, ...failedCheck(thrown) };
  }
}

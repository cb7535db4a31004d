import { PRACTICE_PASSWORD, PRACTICE_VGS_URL } from '../core/practice-defaults.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { readAddress } from '../http/address.ts';
import { readTestUrl } from '../oauth/api-check.ts';
import { nextClient } from '../oauth/client-rotation.ts';
import { checkVgsSettings, VGS_TOKEN_URL, type VgsSettings } from './account.ts';

/**
 * Reads the settings of an account from a node, a dialog or a program.
 *
 * @returns settings with a checked address, unless a file or a vault gives the address
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readAccount(fields: SettingsReader): VgsSettings {
  const isPractice = fields.flag('practice');
  const clientAuth = fields.text('clientAuth', 'body') as VgsSettings['clientAuth'];
  const scope = fields.text('scope');
  const clientId = fields.credential('clientId').trim() || (isPractice ? 'practice' : '');
  const clientSecret = fields.credential('clientSecret') || (isPractice ? PRACTICE_PASSWORD : '');
  const tokenUrl = isPractice ? PRACTICE_VGS_URL : fields.text('tokenUrl', VGS_TOKEN_URL);
  const next = nextClient(
    { clientId, clientSecret },
    { clientId: fields.credential('nextClientId').trim(), clientSecret: fields.credential('nextClientSecret') },
  );
  const settings: VgsSettings = { tokenUrl, clientId, clientSecret, scope, clientAuth, ...(next ? { next } : {}) };
  checkVgsSettings(settings);
  const isNamed = !isPractice && fields.isStandIn?.('tokenUrl');
  if (!isNamed) readAddress(tokenUrl, 'tokenUrl', fields.flag('insecureHttp'));
  // A wrong address is an error already here, not only in a test.
  readTestUrl(fields);
  return settings;
}

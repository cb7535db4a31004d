import { PRACTICE_PASSWORD, PRACTICE_VGS_URL } from '../core/practice-defaults.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { readAddress } from '../http/address.ts';
import { checkVgsSettings, VGS_TOKEN_URL, type VgsSettings } from './account.ts';

/**
 * What an account is set to, wherever that is written.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readAccount(fields: SettingsReader): { settings: VgsSettings; address: URL } {
  const isPractice = fields.flag('practice');
  const clientAuth = fields.text('clientAuth', 'body') as VgsSettings['clientAuth'];
  const scope = fields.text('scope');
  const clientId = fields.credential('clientId').trim() || (isPractice ? 'practice' : '');
  const clientSecret = fields.credential('clientSecret') || (isPractice ? PRACTICE_PASSWORD : '');
  const tokenUrl = isPractice ? PRACTICE_VGS_URL : fields.text('tokenUrl', VGS_TOKEN_URL);
  const settings: VgsSettings = { tokenUrl, clientId, clientSecret, scope, clientAuth };
  checkVgsSettings(settings);
  return { settings, address: readAddress(tokenUrl, 'tokenUrl', fields.flag('insecureHttp')) };
}

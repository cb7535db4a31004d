import { PRACTICE_PASSWORD, PRACTICE_VG_URL } from '../core/practice-defaults.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { readAddress } from '../http/address.ts';
import {
  checkVisualGuardSettings,
  clientIdOf,
  FULL_SCOPE,
  tokenEndpointOf,
  type VisualGuardSettings,
} from './dialect/wire.ts';

/**
 * What a server is set to, wherever that is written.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readServer(fields: SettingsReader): { settings: VisualGuardSettings; address: URL } {
  const isPractice = fields.flag('practice');
  const url = isPractice ? PRACTICE_VG_URL : fields.text('url');
  const address = tokenEndpointOf(readAddress(url, 'url', fields.flag('insecureHttp')));
  const applicationId = fields.text('applicationId') || (isPractice ? 'practice' : '');
  const settings: VisualGuardSettings = {
    tokenUrl: address.href,
    clientId: clientIdOf(applicationId, fields.text('platform', 'Native')),
    clientSecret: fields.credential('clientSecret'),
    scope: fields.text('scope', FULL_SCOPE),
    module: fields.text('module', 'VGUser'),
    mfaCredentials: fields.text('mfaCredentials', 'none') as VisualGuardSettings['mfaCredentials'],
    username: fields.credential('username') || (isPractice ? 'practice' : ''),
    password: fields.credential('password') || (isPractice ? PRACTICE_PASSWORD : ''),
  };
  checkVisualGuardSettings(settings, applicationId);
  return { settings, address };
}

import { PRACTICE_PASSWORD, PRACTICE_VG_URL } from '../core/practice-defaults.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { readAddress } from '../http/address.ts';
import { readTestUrl } from '../oauth/api-check.ts';
import { nextClient } from '../oauth/client-rotation.ts';
import {
  checkVisualGuardSettings,
  clientIdOf,
  FULL_SCOPE,
  tokenEndpointOf,
  type VisualGuardSettings,
} from './dialect/wire.ts';

/**
 * Reads the settings of a server from a node, a dialog or a program.
 *
 * @returns settings with a checked address, unless a file or a vault gives the address
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readServer(fields: SettingsReader): VisualGuardSettings {
  const isPractice = fields.flag('practice');
  const url = isPractice ? PRACTICE_VG_URL : fields.text('url');
  const isNamed = !isPractice && fields.isStandIn?.('url');
  const tokenUrl = isNamed ? url : tokenEndpointOf(readAddress(url, 'url', fields.flag('insecureHttp'))).href;
  const applicationId = fields.text('applicationId') || (isPractice ? 'practice' : '');
  const client = {
    clientId: clientIdOf(applicationId, fields.text('platform', 'Native')),
    clientSecret: fields.credential('clientSecret'),
  };
  const next = nextClient(client, { clientId: '', clientSecret: fields.credential('nextClientSecret') });
  const settings: VisualGuardSettings = {
    tokenUrl,
    ...client,
    scope: fields.text('scope', FULL_SCOPE),
    module: fields.text('module', 'VGUser'),
    mfaCredentials: fields.text('mfaCredentials', 'none') as VisualGuardSettings['mfaCredentials'],
    username: fields.credential('username') || (isPractice ? 'practice' : ''),
    password: fields.credential('password') || (isPractice ? PRACTICE_PASSWORD : ''),
    ...(next ? { next } : {}),
  };
  checkVisualGuardSettings(settings, applicationId);
  // A wrong address is an error already here, not only in a test.
  readTestUrl(fields);
  return settings;
}

import { PRACTICE_PASSWORD } from '../../src/practice/people.ts';
import { PRACTICE_VGS_URL } from '../../src/practice/server.ts';
import { readAddress } from '../../src/transport/address.ts';
import { checkVgsSettings, VGS_TOKEN_URL, type VgsSettings } from '../../src/vgs/account.ts';
import type { FieldReader } from './fields.ts';

/** What a `vgs-account` keeps secret, and what it shows. */
export const ACCOUNT_CREDENTIALS = { clientId: { type: 'text' }, clientSecret: { type: 'password' } } as const;

/**
 * What a `vgs-account` is set to, deployed or in its dialog.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function readAccount(fields: FieldReader): { settings: VgsSettings; address: URL } {
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

import type { OAuthError } from '../../oauth/oauth-error.ts';
import type { Grant, VisualGuardResult } from '../dialect/wire.ts';

/** The result of a response to a refresh. `dead`: the refresh token is no longer valid, and there is no token. */
export type RefreshResult = { grant: Grant; refused?: never } | { refused: OAuthError; grant?: never } | 'dead';

export function resultOfRefresh(result: VisualGuardResult): RefreshResult {
  if (result.grant) return { grant: result.grant };
  if (result.reading && !result.isInvalidGrant) return { refused: { reason: result.reading.reasons[0] ?? 'unknown' } };
  // Only `invalid_grant` becomes `credentials-invalid` (RFC 6749 5.2), and only `invalid_grant` ends a session.
  return !result.refusal || result.refusal.reason === 'credentials-invalid' ? 'dead' : { refused: result.refusal };
}

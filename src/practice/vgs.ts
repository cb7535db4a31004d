import { PRACTICE_PASSWORD } from '../core/practice-defaults.ts';
import { splitScope } from '../oauth/token-endpoint.ts';
import { BUSY, OUTAGE } from './mode.ts';
import { type PracticeReply, refuse } from './reply.ts';
import { ANY_SCOPE } from './stand-in.ts';
import type { PracticeTokens } from './tokens.ts';
import { PRACTICE_ACCOUNTS } from './users.ts';

const USUAL_SCOPE = 'cards:write network-tokens:write';

/** VGS's dialect: Keycloak's client credentials (src/vgs/PROTOCOL.md). */
export function answerVgs(
  form: URLSearchParams,
  authorization: string | undefined,
  tokens: PracticeTokens,
): PracticeReply {
  const { clientId, clientSecret } = readClient(form, authorization);
  if (clientId === '') return refuse(400, 'invalid_client', 'Missing client_id parameter');
  if (form.get('grant_type') !== 'client_credentials')
    return refuse(400, 'unsupported_grant_type', 'Unsupported grant_type');
  if (!PRACTICE_ACCOUNTS.some((account) => account.clientId === clientId)) {
    return refuse(401, 'invalid_client', 'Invalid client or Invalid client credentials');
  }
  if (clientSecret !== PRACTICE_PASSWORD)
    return refuse(401, 'unauthorized_client', 'Invalid client or Invalid client credentials');
  if (clientId === 'disabled')
    return refuse(401, 'invalid_request', 'The associated service account for the client is disabled');
  if (clientId === 'busy') return BUSY;
  if (clientId === 'outage') return OUTAGE;

  const asked = splitScope(form.get('scope') ?? '');
  const wrong = asked.filter((scope) => !/^[a-z0-9-]+:[a-z-]+$/.test(scope));
  if (wrong.length > 0 && !form.has(ANY_SCOPE)) return refuse(400, 'invalid_scope', 'Invalid scopes');
  const wanted = asked.length > 0 ? asked : splitScope(USUAL_SCOPE);
  const granted = clientId === 'missing-scope' ? wanted.filter((scope) => scope !== 'network-tokens:write') : wanted;
  // Keycloak adds its own scopes.
  const scope = [...granted, 'user_id', 'service-account'].join(' ');
  const life = clientId === 'short-life' ? 10 : 300;
  return {
    status: 200,
    body: {
      access_token: tokens.grant('vgs', clientId, scope, life),
      expires_in: life,
      refresh_expires_in: 0,
      token_type: 'bearer',
      'not-before-policy': 0,
      scope,
    },
  };
}

function readClient(
  form: URLSearchParams,
  authorization: string | undefined,
): { clientId: string; clientSecret: string } {
  const basic = /^Basic (.+)$/i.exec(authorization ?? '');
  const [id = '', secret = ''] = basic
    ? Buffer.from(basic[1] ?? '', 'base64')
        .toString('utf8')
        .split(':', 2)
    : [];
  const decode = (part: string): string => new URLSearchParams(`x=${part}`).get('x') ?? '';
  return { clientId: form.get('client_id') ?? decode(id), clientSecret: form.get('client_secret') ?? decode(secret) };
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWTPayload, jwtVerify } from 'jose';
import Provider from 'oidc-provider';
import { type Answer, listen, type Received, shut } from './servers.ts';

/** The API that the tokens are for. */
const AUDIENCE = 'urn:test:api';

/** `oidc-provider` on loopback: a real OAuth server, with a client for each client authentication method. */
export interface OAuthServer {
  readonly tokenUrl: string;
  /** The number of token requests. */
  readonly tokenRequests: number;
  /** An API for anyone with a token that this server signed. Its response is the payload of the token. */
  readonly api: (request: Received) => Promise<Answer>;
  close(): Promise<void>;
}

export const BODY_CLIENT = { clientId: 'by-body', clientSecret: 'the secret of by-body' };
/** With characters that a Basic header has to encode. */
export const HEADER_CLIENT = { clientId: 'by:header/+', clientSecret: 'the %secret+of: by&header' };

export async function serveOAuth(): Promise<OAuthServer> {
  let tokenRequests = 0;
  const server = createServer();
  await listen(server);
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const client = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        client_id: BODY_CLIENT.clientId,
        client_secret: BODY_CLIENT.clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        scope: 'cards:read',
      },
      {
        ...client,
        client_id: HEADER_CLIENT.clientId,
        client_secret: HEADER_CLIENT.clientSecret,
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'test' }] },
    cookies: { keys: ['test'] },
    ttl: { ClientCredentials: 300 },
    scopes: ['cards:read', 'cards:write'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'cards:read cards:write',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/token') tokenRequests += 1;
    callback(request, response);
  });
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  return {
    tokenUrl: `${issuer}/token`,
    get tokenRequests() {
      return tokenRequests;
    },
    api: async ({ headers }) => {
      const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
      try {
        const { payload } = await jwtVerify<JWTPayload>(token, keys, { issuer, audience: AUDIENCE });
        return { body: payload };
      } catch (failure) {
        return { status: 401, body: { failure: String(failure) } };
      }
    },
    close: () => shut(server),
  };
}

import { withoutTrailingSlashes } from '../http/address.ts';
import type { ReplyObject } from '../http/reply-object.ts';
import type { HttpResponse, Transport } from '../http/transport.ts';

/** The path of a discovery document, below the issuer (OpenID Connect Discovery 1.0, 4). */
export const DISCOVERY_PATH = '/.well-known/openid-configuration';

/** The timeout of a request for a discovery document, in ms. The document is small, and a person waits. */
const DISCOVERY_TIMEOUT = 10_000;

/** How many folders of an address may be the issuer. The authorization endpoint of Keycloak is three folders below it. */
const MOST_PLACES = 5;

/** A token endpoint that the discovery document of a server names. */
export interface FoundEndpoint {
  /** Its address, on the origin of the address that was searched. */
  tokenEndpoint: string;
  /** Whether the address that was searched is the issuer. */
  isIssuer: boolean;
}

/**
 * Requests a discovery document. The request has no credentials.
 *
 * @returns `document`: undefined if the reply is no discovery document
 * @throws AuthError if the server does not answer
 */
export async function requestDiscovery(
  url: string,
  transport: Transport,
): Promise<{ document: ReplyObject | undefined; reply: HttpResponse }> {
  const reply = await transport.send({ url, method: 'GET', form: {}, timeout: DISCOVERY_TIMEOUT });
  const isDocument = reply.status === 200 && reply.body?.isText('token_endpoint') === true;
  return { document: isDocument ? reply.body : undefined, reply };
}

/**
 * Searches the token endpoint of a server at an address that is not the token endpoint: at the address itself (the
 * issuer, or its discovery document) and at the folders above it (the authorization endpoint).
 *
 * @param address an http or https address
 * @param transport leads to the host of the address
 * @returns undefined if there is no discovery document, or if it names no other endpoint on the same origin
 */
export async function findTokenEndpoint(address: string, transport: Transport): Promise<FoundEndpoint | undefined> {
  const { origin, pathname } = new URL(address);
  const own = withoutTrailingSlashes(pathname);
  let path = own.endsWith(DISCOVERY_PATH) ? withoutTrailingSlashes(own.slice(0, -DISCOVERY_PATH.length)) : own;
  for (let places = 0; places < MOST_PLACES; places += 1) {
    const { document } = await requestDiscovery(origin + path + DISCOVERY_PATH, transport);
    if (document) return endpointIn(document, address, path === own);
    if (path === '') return undefined;
    path = withoutTrailingSlashes(path.slice(0, path.lastIndexOf('/')));
  }
  return undefined;
}

function endpointIn(document: ReplyObject, address: string, isIssuer: boolean): FoundEndpoint | undefined {
  const tokenEndpoint = document.address('token_endpoint');
  if (tokenEndpoint === '' || tokenEndpoint === new URL(address).href) return undefined;
  return new URL(tokenEndpoint).origin === new URL(address).origin ? { tokenEndpoint, isIssuer } : undefined;
}

import type { HttpResponse, Transport } from '../../http/transport.ts';
import { DISCOVERY_PATH, requestDiscovery } from '../../oauth/endpoint-search.ts';

/** The most grant types or scopes that are read. */
const MOST_WORDS = 1000;

/** The parts of a discovery document that a test reads (OpenID Connect Discovery 1.0, 3). */
export interface Discovery {
  /** The supported grant types. Undefined if the document does not list them. */
  grants: string[] | undefined;
  /** The supported scopes. Undefined if the document does not list them. The server may accept others. */
  scopes: string[] | undefined;
}

/** The address of a server. @param tokenUrl the address of its token endpoint, which ends in `/connect/token` */
export function issuerOf(tokenUrl: string): string {
  const { origin, pathname } = new URL(tokenUrl);
  return origin + pathname.replace(/\/connect\/token$/i, '');
}

/** The address of the discovery document of a server. @param tokenUrl as for `issuerOf` */
export function discoveryUrlOf(tokenUrl: string): string {
  return issuerOf(tokenUrl) + DISCOVERY_PATH;
}

/**
 * Reads the discovery document of a server.
 *
 * @returns `found`: undefined if there is none. A server need not have one
 * @throws AuthError if the server does not answer
 */
export async function discover(
  tokenUrl: string,
  transport: Transport,
): Promise<{ found: Discovery | undefined; reply: HttpResponse }> {
  const { document, reply } = await requestDiscovery(discoveryUrlOf(tokenUrl), transport);
  const found = document && {
    grants: document.tokens('grant_types_supported', MOST_WORDS),
    scopes: document.tokens('scopes_supported', MOST_WORDS),
  };
  return { found, reply };
}

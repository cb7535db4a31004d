import type { HttpResponse, Transport } from '../../http/transport.ts';

/** A discovery document is asked for this long, in ms: it is small, and a person waits. */
const DISCOVERY_TIMEOUT = 10_000;
const MOST_WORDS = 1000;

/** What a server says of itself (OpenID Connect Discovery 1.0, 3). */
export interface Discovery {
  /** The grant types that it knows; undefined where it does not say. */
  grants: string[] | undefined;
  /** The scopes that it shows; undefined where it does not say. It may know others. */
  scopes: string[] | undefined;
}

/** @param tokenUrl the address of the token endpoint, whose document stands beside `/connect/token` */
export function discoveryUrlOf(tokenUrl: string): string {
  const url = new URL(tokenUrl);
  url.pathname = `${url.pathname.replace(/\/connect\/token$/i, '')}/.well-known/openid-configuration`;
  url.search = '';
  return url.href;
}

/**
 * Reads the discovery document.
 *
 * @returns `found`: undefined where there is none, which is no fault
 * @throws AuthError where the server cannot be reached
 */
export async function discover(
  tokenUrl: string,
  transport: Transport,
): Promise<{ found: Discovery | undefined; reply: HttpResponse }> {
  const reply = await transport.send({
    url: discoveryUrlOf(tokenUrl),
    method: 'GET',
    form: {},
    timeout: DISCOVERY_TIMEOUT,
  });
  const { status, body } = reply;
  const isDocument = status === 200 && body !== undefined && body.token('token_endpoint') !== '';
  const found = isDocument
    ? { grants: body.tokens('grant_types_supported', MOST_WORDS), scopes: body.tokens('scopes_supported', MOST_WORDS) }
    : undefined;
  return { found, reply };
}

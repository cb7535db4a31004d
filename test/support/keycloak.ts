import { randomBytes } from 'node:crypto';
import { findJava } from './jdk.ts';
import { keycloakHome } from './keycloak-home.ts';
import { KeycloakProcess } from './keycloak-process.ts';

/** How long a test with a real Keycloak may take, in ms: a busy machine needs minutes for a start. */
export const PATIENCE = 900_000;

/** A client, a realm or a user, as Keycloak's admin API has them. */
export interface Representation {
  id?: string;
  attributes?: Record<string, string>;
  [property: string]: unknown;
}

/** The credentials of a client, as in the config node. */
export type Client = { clientId: string; clientSecret: string };

/** A client of a realm. */
export interface ClientRepresentation extends Representation {
  clientId: string;
  secret?: string;
}

/** The reply of the token endpoint to a request of the test itself. */
export interface Said {
  status: number;
  error?: string;
  error_description?: string;
  access_token?: string;
  refresh_token?: string;
}

let started: Promise<KeycloakProcess> | undefined;

// A root hook: this module is imported while mocha loads the files, outside of every suite.
after('Keycloak ends', async function () {
  this.timeout(PATIENCE);
  await started?.then(
    (keycloak) => keycloak.end(),
    () => undefined,
  );
});

/** The Keycloak of this run. It is started once, and ends after the last test. */
export function startKeycloak(): Promise<KeycloakProcess> {
  started ??= (async () => {
    const java = findJava();
    const keycloak = new KeycloakProcess(await keycloakHome(java), java);
    await keycloak.start().catch(async (failure) => {
      await keycloak.end();
      throw failure;
    });
    return keycloak;
  })();
  return started;
}

/** A client that gets tokens for itself: "Client authentication" and "Service accounts roles" are on. */
export function serviceClient(clientId: string, more: Partial<ClientRepresentation> = {}): ClientRepresentation {
  return {
    clientId,
    secret: `THE-SECRET-OF-${clientId}`,
    publicClient: false,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    ...more,
  };
}

/** The credentials of `serviceClient`. */
export function credentialsOf(clientId: string): Client {
  return { clientId, clientSecret: `THE-SECRET-OF-${clientId}` };
}

/** A client scope. @param isNamed whether a reply names it: "Include in token scope" */
export function clientScope(name: string, isNamed = true): Representation {
  return { name, protocol: 'openid-connect', attributes: { 'include.in.token.scope': String(isNamed) } };
}

/** A realm of its own for one suite. */
export class Realm {
  readonly name: string;
  readonly keycloak: KeycloakProcess;

  private constructor(name: string, keycloak: KeycloakProcess) {
    this.name = name;
    this.keycloak = keycloak;
  }

  /** Creates a realm, and starts Keycloak for the first one. */
  static async create(clients: readonly ClientRepresentation[], more: Representation = {}): Promise<Realm> {
    const keycloak = await startKeycloak();
    const realm = new Realm(`vgs-${randomBytes(6).toString('hex')}`, keycloak);
    await realm.#admin('POST', '/realms', { realm: realm.name, enabled: true, clients, ...more });
    return realm;
  }

  get tokenUrl(): string {
    return this.#endpoint(this.keycloak.url, 'token');
  }

  /** An API that accepts a token with the scope `openid` of this realm only, as long as it is valid. */
  get apiUrl(): string {
    return this.#endpoint(this.keycloak.url, 'userinfo');
  }

  /** Both over https. */
  get secure(): { tokenUrl: string; apiUrl: string } {
    const { secureUrl } = this.keycloak;
    return { tokenUrl: this.#endpoint(secureUrl, 'token'), apiUrl: this.#endpoint(secureUrl, 'userinfo') };
  }

  /** Sends a request to the token endpoint without the nodes, with the client in the body or in the header. */
  async ask({ clientId, clientSecret }: Client, clientAuth = 'body'): Promise<Said> {
    const isBody = clientAuth === 'body';
    const encode = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length);
    const basic = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
    const response = await fetch(this.tokenUrl, {
      method: 'POST',
      headers: isBody ? {} : { authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(isBody ? { client_id: clientId, client_secret: clientSecret } : {}),
      }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }

  /** Reads something of the realm by the admin API. @param path below the realm */
  read<T>(path: string): Promise<T> {
    return this.#admin('GET', `/realms/${this.name}${path}`) as Promise<T>;
  }

  /** Changes something of the realm by the admin API. @param path below the realm; the realm itself if it is empty */
  async change(method: 'POST' | 'PUT' | 'DELETE', path: string, content?: object): Promise<void> {
    await this.#admin(method, `/realms/${this.name}${path}`, content);
  }

  /** The path of a client in the admin API. */
  async pathOf(clientId: string): Promise<string> {
    const [client] = await this.read<ClientRepresentation[]>(`/clients?clientId=${encodeURIComponent(clientId)}`);
    return `/clients/${client.id}`;
  }

  #endpoint(url: string, name: string): string {
    return `${url}/realms/${this.name}/protocol/openid-connect/${name}`;
  }

  async #admin(method: string, path: string, content?: object): Promise<unknown> {
    const { url } = this.keycloak;
    const response = await fetch(`${url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#adminToken()}`, 'content-type': 'application/json' },
      ...(content ? { body: JSON.stringify(content) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: Keycloak answered ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** A new one for each request, because it is valid for a minute. */
  async #adminToken(): Promise<string> {
    const { url, administrator } = this.keycloak;
    const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...administrator });
    const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body });
    const { access_token } = (await response.json()) as { access_token?: string };
    if (!access_token) throw new Error(`The administrator of Keycloak could not sign in (${response.status}).`);
    return access_token;
  }
}

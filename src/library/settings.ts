/** How a server is reached. */
export interface ConnectionSettings {
  /** TLS options as node:tls takes them: `ca`, `cert`, `key`, `pfx`, `servername`, `rejectUnauthorized`, … */
  tls?: object;
  /** A proxy. Where none is named, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment count. */
  proxy?: { url: string; noProxy?: readonly string[]; username?: string; password?: string };
  /** Allow http to another host than this machine: secrets travel in the clear then. */
  insecureHttp?: boolean;
  /** Work against the practice server inside this process, in place of address, TLS and proxy. */
  practice?: boolean;
}

/** A VGS service account. What has a default may be left out. */
export interface VgsAccountSettings extends ConnectionSettings {
  /** Needed, unless it is for practice. */
  clientId?: string;
  /** Needed, unless it is for practice. */
  clientSecret?: string;
  /** Separated by spaces. Where it is left out, the account gets what it has by default. */
  scope?: string;
  /** The token endpoint; that of VGS where it is left out. */
  tokenUrl?: string;
  /** Where client id and secret stand in the request: `body` (the default) or `header`. */
  clientAuth?: 'body' | 'header';
}

/** A VG Identity Server, the identity client that signs in there, and perhaps a user of its own. */
export interface VisualGuardSettings extends ConnectionSettings {
  /** With or without `/connect/token`, under any path. Needed, unless it is for practice. */
  url?: string;
  /** The id of the application, or a whole client id, as `…_Native`. Needed, unless it is for practice. */
  applicationId?: string;
  /** Of the identity client: `Native` (the default), `Service`, `SPA`, `WebApp`, or nothing. */
  platform?: string;
  /** Left out for a public client. */
  clientSecret?: string;
  /** Separated by spaces, spelt as the server spells it; all that Visual Guard documents where it is left out. */
  scope?: string;
  /** `VGUser` (the default), `WindowsByCredential`, `Passwordless`, or another one that the server knows. */
  module?: string;
  /** What goes along with the steps of a challenge: `none` (the default), `username` or `username+password`. */
  mfaCredentials?: 'none' | 'username' | 'username+password';
  /** The user that `signInStored` signs in. */
  username?: string;
  password?: string;
}

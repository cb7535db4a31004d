/** How to connect to a server. */
export interface ConnectionSettings {
  /** TLS options as node:tls takes them: `ca`, `cert`, `key`, `pfx`, `servername`, `rejectUnauthorized`, … */
  tls?: object;
  /** A proxy. Without it, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment are used. */
  proxy?: { url: string; noProxy?: readonly string[]; username?: string; password?: string };
  /** Allow http to another host than this machine. Secrets are then sent in clear text. */
  insecureHttp?: boolean;
  /** Use the practice server of this process, in place of address, TLS and proxy. */
  practice?: boolean;
}

/** The settings of a VGS service account. */
export interface VgsAccountSettings extends ConnectionSettings {
  /** Required, unless `practice` is set. */
  clientId?: string;
  /** Required, unless `practice` is set. */
  clientSecret?: string;
  /** Client credentials that are sent if the server refuses the present ones. If one of them is missing, it is the present one. */
  nextClientId?: string;
  nextClientSecret?: string;
  /** Separated by spaces. Without it, the account gets its default scopes. */
  scope?: string;
  /** The token endpoint; by default that of VGS. */
  tokenUrl?: string;
  /** The part of the request that has client id and secret: the `body` (the default) or the `header`. */
  clientAuth?: 'body' | 'header';
}

/** The settings of a VG Identity Server, its identity client, and optionally a stored user. */
export interface VisualGuardSettings extends ConnectionSettings {
  /** With or without `/connect/token`, below any path. Required, unless `practice` is set. */
  url?: string;
  /** The id of the application, or a whole client id, such as `…_Native`. Required, unless `practice` is set. */
  applicationId?: string;
  /** The platform of the identity client: `Native` (the default), `Service`, `SPA`, `WebApp`, or nothing. */
  platform?: string;
  /** None for a public client. */
  clientSecret?: string;
  /** Sent if the server refuses the present one. */
  nextClientSecret?: string;
  /** Separated by spaces, in the server's spelling; by default all scopes that Visual Guard documents. */
  scope?: string;
  /** `VGUser` (the default), `WindowsByCredential`, `Passwordless`, or another module of the server. */
  module?: string;
  /** What the steps of a challenge send: `none` (the default), `username` or `username+password`. */
  mfaCredentials?: 'none' | 'username' | 'username+password';
  /** The user that `signInStored` signs in. */
  username?: string;
  password?: string;
}

import { connectionDigest } from '../../core/settings-digest.ts';
import { type ClientSettings, SharedSettings } from '../../core/settings-source.ts';
import type { SecretTrace } from '../../http/echoes.ts';

/**
 * A connection to a VG Identity Server. `tokenUrl` is the whole address of the token endpoint, `clientId` is
 * `<application id>_<platform>`, and `clientSecret` is empty for a public client.
 */
export interface VisualGuardSettings extends ClientSettings {
  scope: string;
  /** `VGUser`, `WindowsByCredential`, `Passwordless`, or any other text. */
  module: string;
  /** Which credentials are repeated in the steps of a challenge. */
  mfaCredentials: 'none' | 'username' | 'username+password';
  /** The stored user. Empty if there is none. */
  username: string;
  password: string;
  /** Separates connections whose other settings are equal: connections are shared only within one place. */
  place?: string;
}

/** A user name and its password. The password is empty if the module needs none. */
export interface Credentials {
  user: string;
  password: string;
  /** The trace of the password of the login, for steps that no longer have the password. */
  trace?: SecretTrace | undefined;
}

/**
 * The settings of a Visual Guard server. User, password and client secret may come from a file or a vault, and change.
 */
export class ServerSettings extends SharedSettings<VisualGuardSettings> {
  /**
   * The stored user as it was known last. A name or password that is not stored is empty. Before a file or a vault has
   * answered, the name of the variable stands for the value.
   */
  get stored(): Credentials {
    const { username: user, password } = this.known ?? this.identity;
    return { user, password };
  }

  /** The name of the stored user, as `stored`. A message that has a token asks for it, so it allocates nothing. */
  get user(): string {
    return (this.known ?? this.identity).username;
  }

  /**
   * The stored user as it is now.
   *
   * @param isUrgent its password was refused
   * @throws AuthError as `ask`
   */
  async askStored(isUrgent = false): Promise<Credentials> {
    const { username: user, password } = await this.ask(isUrgent);
    return { user, password };
  }

  /**
   * A value that differs after every change of the settings, secrets included; undefined before a file or a vault has answered.
   */
  get version(): string | undefined {
    const { known } = this;
    return known && connectionDigest({ ...known, next: JSON.stringify(known.next) });
  }
}

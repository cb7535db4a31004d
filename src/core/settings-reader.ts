/** Reads the settings of a connection from a deployed node, a dialog or a program. */
export interface SettingsReader {
  /** @throws AuthError `AUTH_CONFIG` if there is no value, for example because an environment variable has none */
  text(property: string, otherwise?: string): string;
  flag(property: string): boolean;
  /** A credential; empty if there is none. @throws as `text` */
  credential(property: string): string;
  /** Whether the name of a variable was read, because a file or a vault gives the value. */
  isStandIn?(property: string): boolean;
  /** A property as it was written, before variables were replaced. */
  written(property: string): unknown;
}

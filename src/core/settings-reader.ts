/** Reads what a connection is set to, wherever that is written: in a deployed node, in a dialog, in a program. */
export interface SettingsReader {
  /** @throws AuthError `AUTH_CONFIG` where the value cannot be had, as that of a variable without one */
  text(property: string, otherwise?: string): string;
  flag(property: string): boolean;
  /** A secret, or what goes with one; empty where there is none. @throws as `text` */
  credential(property: string): string;
  /** A property as it was written, before a variable was put in. */
  written(property: string): unknown;
}

/** The counts of a connection since it was opened. */
export interface Counts {
  /** How many token requests were sent, each try included. */
  requests: number;
  /** How many tokens were available when somebody asked for one. */
  hits: number;
  /** How many were not available, so that a message waited for the server. */
  waits: number;
  /** How often the server, or a rule that protects an account, refused. */
  refusals: number;
}

/** What a connection has done since it was opened. */
export interface Counts {
  /** Token requests that were sent to the server, each try of one. */
  requests: number;
  /** Tokens that were at hand when they were asked for. */
  hits: number;
  /** Tokens that were not, so that who asked waited for the server. */
  waits: number;
  /** How often the server, or a rule that protects an account, said no. */
  refusals: number;
}

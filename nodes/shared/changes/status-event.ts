/** The changes that are reported to operators, each once. */
export type ChangeEvent =
  | 'vg-auth.refused'
  | 'vg-auth.needs-human'
  | 'vg-auth.failing'
  | 'vg-auth.recovered'
  | 'vg-auth.store-lost'
  | 'vg-auth.store-back';

/** What a Status node gets as `msg.status.event`, in the one status that reports the change. */
export interface StatusEvent {
  event: ChangeEvent;
  /** ms since 1970 */
  at: number;
  account: { id: string; name: string };
  user?: string;
  reason?: string;
  code?: string;
}

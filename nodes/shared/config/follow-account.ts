import type { VgsAccount } from '../../../src/vgs/account.ts';
import type { StatusLine } from '../status.ts';

/**
 * Shows where an account stands, whoever uses it.
 *
 * @returns a function that ends it
 */
export function followAccount(account: VgsAccount, status: StatusLine): () => void {
  status.source(account.state);
  return account.changes.add((state) => status.source(state));
}

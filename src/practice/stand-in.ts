import { PRACTICE_PASSWORD } from '../core/practice-defaults.ts';
import type { FormRequest } from '../http/transport.ts';
import { PRACTICE_ACCOUNTS, PRACTICE_USERS } from './users.ts';

/** The client and the user of a real server whose requests go to the practice server. */
export interface RealSettings {
  /** The stored user; empty if there is none. */
  user: string;
}

/** The client and the user that the practice server uses for all that it does not have. */
const STAND_IN = 'practice';

/** Sent in place of each secret that is not the practice server's. */
const NOT_SENT = 'not-sent-to-the-practice-server';

/** The form field that asks the practice server to grant any scope: it cannot know those of a real client. */
export const ANY_SCOPE = 'practice_any_scope';

/**
 * A request as the practice server gets it. No secret but `practice` is in it.
 *
 * @param real if it is set, a client or stored user that the practice server does not have counts as `practice`, whatever
 *   its secret is
 */
export function toPractice(request: FormRequest, real?: RealSettings): FormRequest {
  const form = { ...request.form };
  let { basic } = request;
  const standsIn = real !== undefined && !isPracticeClient(basic?.clientId ?? form.client_id ?? '', form);
  const secretOf = (secret: string): string => (standsIn ? PRACTICE_PASSWORD : practiceSecret(secret));
  if (form.client_secret !== undefined) form.client_secret = secretOf(form.client_secret);
  if (basic) basic = { clientId: standsIn ? STAND_IN : basic.clientId, clientSecret: secretOf(basic.clientSecret) };
  if (standsIn) {
    if (form.client_id !== undefined) form.client_id = STAND_IN;
    form[ANY_SCOPE] = 'true';
  }
  const isStoredUser = real !== undefined && real.user !== '' && form.Username === real.user;
  const isUnknown = isStoredUser && !PRACTICE_USERS.some(({ user }) => user === real.user);
  if (isUnknown) form.Username = STAND_IN;
  if (form.Password !== undefined) form.Password = isUnknown ? PRACTICE_PASSWORD : practiceSecret(form.Password);
  return { ...request, form, ...(basic ? { basic } : {}) };
}

function practiceSecret(secret: string): string {
  return secret === PRACTICE_PASSWORD ? secret : NOT_SENT;
}

/** Whether the practice server has this client. A client of Visual Guard is `practice` or `practice_<platform>`. */
function isPracticeClient(clientId: string, { grant_type: grant }: Readonly<Record<string, string>>): boolean {
  if (grant === 'client_credentials') return PRACTICE_ACCOUNTS.some((account) => account.clientId === clientId);
  return clientId === STAND_IN || clientId.startsWith(`${STAND_IN}_`);
}

import type { Node } from 'node-red';
import type { PracticeServer } from '../../src/practice/server.ts';
import type { Delivery } from '../../src/practice/visual-guard.ts';
import { PRACTICE_URL_VARIABLE } from './runtime.ts';

/**
 * Logs what a practice user receives while a node is there: practice has no phone to send it to.
 * These codes protect nothing, so this is the one exception to "no code in a log".
 *
 * @param concerns whether a user is one that this node asked for
 * @returns the newest thing that a user received
 */
export function logDeliveries(
  node: Node,
  practice: PracticeServer,
  concerns: (user: string) => boolean,
): (user: string) => Delivery | undefined {
  const stop = practice.visualGuard.deliveries.add(({ user, kind, text }) => {
    if (!concerns(user)) return;
    if (kind === 'code') node.log(`practice: the code for ${user} is ${text}`);
    else node.log(`practice: ${user} clicks the link with GET \${${PRACTICE_URL_VARIABLE}}/practice/click/${user}`);
  });
  node.on('close', stop);
  return (user) => practice.visualGuard.inboxOf(user);
}

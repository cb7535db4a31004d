import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { PracticeServer } from '../../src/practice/server.ts';
import type { Challenged, Outcome, PendingLink } from '../../src/visual-guard/outcome.ts';
import { deleteProperty } from './delete-property.ts';
import type { Send } from './input.ts';
import { authOfOutcome, byOutput, OUTPUT, setToken } from './message.ts';
import { engineOf, PRACTICE_URL_VARIABLE } from './runtime.ts';
import type { StatusLine } from './status.ts';

/** What `vg-login` and `vg-mfa` have in common: they send the outcome of a sign-in, and wait for links. */
export class SignInNode {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #status: StatusLine;
  readonly #property: string;
  readonly #links = new Set<PendingLink>();
  readonly #practice: PracticeServer;
  #isClosed = false;

  constructor(RED: NodeAPI, node: Node, status: StatusLine, property: string) {
    this.#RED = RED;
    this.#node = node;
    this.#practice = engineOf(RED).practice;
    this.#status = status;
    this.#property = property;
    node.on('close', () => {
      this.#isClosed = true;
      for (const link of this.#links) link.end();
    });
  }

  /**
   * Sends an outcome by its output. Where a link was sent, what comes of it follows.
   *
   * @param show called before the status says something: another message may have changed what it is about
   * @throws AuthError where the open request of a link ends in a fault
   */
  async send(outcome: Outcome, msg: NodeMessage, send: Send, show?: () => void): Promise<void> {
    const link = 'link' in outcome ? outcome.link : undefined;
    // The message goes on its way now; what follows is another one.
    const following = link && this.#RED.util.cloneMessage(msg);
    show?.();
    this.#sendOne(outcome, msg, send);
    if (!link || !following) return;
    this.#links.add(link);
    // The node may have been closed while the answer was on its way.
    if (this.#isClosed) link.end();
    try {
      const later = await link.later;
      if (!later) return;
      show?.();
      this.#sendOne(later, following, send);
    } finally {
      this.#links.delete(link);
    }
  }

  #sendOne(outcome: Outcome, msg: NodeMessage, send: Send): void {
    deleteProperty(this.#RED, msg, this.#property);
    if (outcome.state === 'signed-in') setToken(this.#RED, msg, this.#property, outcome.token);
    msg.auth = authOfOutcome(outcome);
    if (outcome.state === 'signed-in') {
      this.#status.valid(outcome.token);
      send(byOutput(OUTPUT.signedIn, msg));
    } else if (outcome.state === 'refused') {
      this.#status.refused(outcome);
      send(byOutput(OUTPUT.refused, msg));
    } else {
      this.#status.challenged(outcome, this.#received(outcome));
      send(byOutput(OUTPUT.challenge, msg));
    }
  }

  /**
   * The code that a practice user received, for the status and the log: practice has no phone to send it to.
   * These codes protect nothing, so this is the one exception to "no code in a log".
   */
  #received({ challenge, state, reason }: Challenged): string {
    if (!this.#status.isPractice || !challenge.method || reason === 'held-back') return '';
    const delivery = this.#practice.visualGuard.inboxOf(challenge.user);
    if (delivery?.kind === 'code' && state === 'code-required') {
      this.#node.log(`practice: the code for ${delivery.user} is ${delivery.text}`);
      return ` (${delivery.text})`;
    }
    if (state === 'link-sent')
      this.#node.log(`practice: GET \${${PRACTICE_URL_VARIABLE}}/practice/click/${challenge.user} clicks the link`);
    return '';
  }
}

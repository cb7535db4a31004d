import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Practice } from '../../src/practice/practice.ts';
import type { Delivery } from '../../src/practice/visual-guard.ts';
import type { Challenged, Outcome, PendingLink } from '../../src/visual-guard/outcome.ts';
import { textOf } from './catalogue.ts';
import { deleteProperty } from './delete-property.ts';
import type { Send } from './input.ts';
import { authOfOutcome, byOutput, OUTPUT, setToken } from './msg-auth.ts';
import { engineOf } from './runtime.ts';
import type { StatusLine } from './status.ts';

/** What `vg-login` and `vg-mfa` share: they send the outcome of a sign-in, and wait for links. */
export class SignInNode {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #status: StatusLine;
  readonly #property: string;
  readonly #links = new Set<PendingLink>();
  readonly #practice: Practice;
  #isClosed = false;
  /** Ends the waiting for the use of the code or link that the status shows. */
  #forgetReceived: (() => void) | undefined;

  constructor(RED: NodeAPI, node: Node, status: StatusLine, property: string) {
    this.#RED = RED;
    this.#node = node;
    this.#practice = engineOf(RED).practice;
    this.#status = status;
    this.#property = property;
    node.on('close', () => {
      this.#isClosed = true;
      this.#forgetReceived?.();
      for (const link of this.#links) link.end();
    });
  }

  /**
   * Sends an outcome by its output. If a link was sent to the user, its outcome follows in another message.
   *
   * @param show is called before the status changes: the status may be about another message
   * @throws AuthError if the open request of a link fails
   */
  async send(outcome: Outcome, msg: NodeMessage, send: Send, show?: () => void): Promise<void> {
    const link = 'link' in outcome ? outcome.link : undefined;
    // The message is sent now, so the outcome of the link needs one of its own.
    const following = link && this.#RED.util.cloneMessage(msg);
    show?.();
    this.#sendOne(outcome, msg, send);
    if (!link || !following) return;
    this.#links.add(link);
    // The node may have been closed during the request.
    if (this.#isClosed) link.end();
    try {
      const linkOutcome = await link.later;
      if (!linkOutcome) return;
      show?.();
      this.#sendOne(linkOutcome, following, send);
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
   * The code or link for a user of the practice server, for the status and the log, because there is no phone. It protects
   * nothing, so this is the only exception to "no code in a log". When it is used, the status no longer shows it.
   */
  #received({ challenge: { method, user }, state, reason }: Challenged): { code: string } | 'link' | undefined {
    if (!this.#status.isPractice || !method || reason === 'held-back') return undefined;
    const { visualGuard } = this.#practice;
    const delivery = visualGuard.inboxOf(user);
    if (delivery?.kind === 'code' && state === 'code-required') {
      const code = delivery.text;
      this.#node.log(`practice: the code for ${delivery.user} is ${code}`);
      this.#untilUsed((used) => used.kind === 'code' && used.user === user && used.text === code);
      return { code };
    }
    if (state !== 'link-sent') return undefined;
    this.#logLink(user);
    this.#untilUsed((used) => used.kind === 'link' && used.user === user);
    return 'link';
  }

  /** The link has no address yet: the server gets the request for it a moment later. It can be found by the user's name. */
  #logLink(user: string): void {
    this.#practice.start().then(
      (origin) => {
        const address = `${origin}/practice/click/${encodeURIComponent(user)}`;
        this.#node.log(textOf(this.#RED, LINK, { address, user }));
      },
      () => undefined,
    );
  }

  #untilUsed(isIt: (used: Delivery) => boolean): void {
    this.#forgetReceived?.();
    this.#forgetReceived = this.#practice.visualGuard.used.add((used) => {
      if (!isIt(used)) return;
      this.#forgetReceived?.();
      this.#status.usedUp();
    });
  }
}

/** The key of the log line with the address of a link. */
const LINK = 'practice.link';

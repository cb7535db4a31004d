import { Listeners } from '../core/listeners.ts';
import type { ClientCredentials, ClientSettings, SharedSettings } from '../core/settings-source.ts';

/** The server's verdict on the client that sent a request. `refused`: no, for another reason than the client. */
export type ClientVerdict = 'accepted' | 'client-invalid' | 'refused';

/** Client credentials to send, and the settings from which they come. */
interface Candidate<S> {
  settings: S;
  isNext: boolean;
}

/**
 * Sends requests with client credentials that change. If the server refuses the client, the request is sent again with the
 * current values of a file or a vault, if they have changed, and then with the next credentials. Once the next ones have
 * been accepted, they are used until the settings change.
 */
export class ClientRotation<S extends ClientSettings> {
  /** Called when the next credentials come into use, or are no longer used. */
  readonly changes = new Listeners<boolean>();
  readonly settings: SharedSettings<S>;
  /** The settings whose present client was refused, and whose next one has worked. */
  #switched: S | undefined;

  constructor(settings: SharedSettings<S>) {
    this.settings = settings;
  }

  /** Whether the next credentials are used. */
  get usesNext(): boolean {
    return this.#switched !== undefined && this.#switched === this.settings.known;
  }

  /**
   * Sends a request, and again only if the server refuses it.
   *
   * @param send sends it with these settings
   * @param verdictOn returns the verdict on the client in an answer
   * @returns the last answer
   * @throws AuthError if the settings are not available, and whatever `send` throws
   */
  async send<R>(send: (settings: S) => Promise<R>, verdictOn: (answer: R) => ClientVerdict): Promise<R> {
    const first = await this.settings.ask();
    const refused: S[] = [];
    if (first === this.#switched) refused.push(first);
    else this.#switch(undefined);
    let isClientRefused = true;
    let last: { answer: R } | undefined;
    for await (const { settings, isNext } of this.#candidates(first)) {
      const client = isNext ? withNext(settings) : settings;
      if (!client || refused.some((each) => isSameClient(each, client)) || (isNext && !isClientRefused)) continue;
      last = { answer: await send(client) };
      const verdict = verdictOn(last.answer);
      if (verdict === 'accepted') this.#switch(isNext ? settings : undefined);
      if (verdict === 'accepted') return last.answer;
      isClientRefused = verdict === 'client-invalid';
      refused.push(client);
    }
    // The first candidate is always sent.
    return (last as { answer: R }).answer;
  }

  /**
   * Whether the settings are others than at a refusal, so that it no longer counts. Each refusal has its own settings:
   * a request for another user may have sent the new settings meanwhile.
   *
   * @param refused the settings known at the refusal (`settings.known`)
   * @throws AuthError as `send`
   */
  changedSince(refused: S | undefined): boolean | Promise<boolean> {
    const asked = this.settings.ask();
    return asked instanceof Promise ? asked.then((now) => now !== refused) : asked !== refused;
  }

  async *#candidates(first: S): AsyncGenerator<Candidate<S>> {
    const isSwitched = first === this.#switched;
    yield { settings: first, isNext: isSwitched };
    const now = await this.settings.ask(true);
    yield { settings: now, isNext: false };
    yield { settings: now, isNext: true };
  }

  #switch(settings: S | undefined): void {
    if (settings === this.#switched) return;
    this.#switched = settings;
    this.changes.tell(settings !== undefined);
  }
}

/** The settings with the next client in place of the present one; undefined if there is no next one. */
function withNext<S extends ClientSettings>(settings: S): S | undefined {
  return settings.next && { ...settings, ...settings.next };
}

/**
 * The client credentials that replace the present ones. If one of the two is empty, the present value is used.
 *
 * @returns undefined if both are empty
 */
export function nextClient(present: ClientCredentials, next: ClientCredentials): ClientCredentials | undefined {
  if (next.clientId === '' && next.clientSecret === '') return undefined;
  return {
    clientId: next.clientId || present.clientId,
    clientSecret: next.clientSecret || present.clientSecret,
  };
}

function isSameClient(one: ClientSettings, two: ClientSettings): boolean {
  return one.tokenUrl === two.tokenUrl && one.clientId === two.clientId && one.clientSecret === two.clientSecret;
}

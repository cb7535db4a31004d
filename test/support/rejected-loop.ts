import { type FlowNode, httpRequest, type Message, place, wire } from './flows.ts';
import { type HeldTime, holdTime } from './held-time.ts';
import { branch, takes } from './rejecting-api.ts';
import type { Flow } from './runtime.ts';
import { serve, type TestServer } from './servers.ts';
import { grantsInTurn, serveTokens } from './token-server.ts';

/** A token server that grants one token after another, an API that accepts only the second one, and a clock that a test moves. */
export interface RejectedScene {
  readonly time: HeldTime;
  readonly tokens: TestServer;
  readonly api: TestServer;
  /** A message for the API. */
  request(more?: Message): Message;
  /** The tokens that the API got, in order. */
  bearers(): string[];
  /** The first message that ends the loop. */
  end(flow: Flow, msg: Message): Promise<{ at: string; msg: Message }>;
}

/** Called in a `describe`: each of its tests has servers of its own. */
export function rejectedScene(): RejectedScene {
  let time: HeldTime;
  let tokens: TestServer;
  let api: TestServer;
  beforeEach(async () => {
    time = holdTime();
    tokens = await serveTokens(grantsInTurn());
    api = await serve(takes('token-2'));
  });
  return {
    get time() {
      return time;
    },
    get tokens() {
      return tokens;
    },
    get api() {
      return api;
    },
    request: (more = {}) => ({ url: `${api.origin}/cards`, method: 'POST', payload: 'body', ...more }),
    bearers: () => api.requests.map(({ headers }) => String(headers.authorization).replace('Bearer ', '')),
    end: async (flow, msg) => {
      flow.send('attach', msg);
      for (;;) {
        const arrival = await flow.next();
        if (arrival.at !== 'seen') return arrival;
      }
    },
  };
}

/** attach-bearer → http request → Switch, whose 401 goes back by `back`. */
export function rejectedLoop(tokenUrl: string, back: FlowNode[] = []): FlowNode[] {
  return [
    { id: 'account', type: 'vgs-account', tokenUrl },
    {
      ...wire('attach-bearer', 'attach', [], { account: 'account' }),
      wires: [['call', 'seen'], ['needed']],
    },
    httpRequest('call', 'branch', { ret: 'obj' }),
    branch('branch', back[0]?.id ?? 'attach'),
    ...back,
    ...['answered', 'needed', 'seen'].map(place),
  ];
}

import { type FlowNode, httpRequest, place, wire } from './flows.ts';
import { branch } from './rejecting-api.ts';

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

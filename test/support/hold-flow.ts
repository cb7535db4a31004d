import assert from 'node:assert/strict';
import { type Arrival, type FlowNode, place, wire } from './flows.ts';
import { challenges, guardFlow, says, signsIn, stepOf, way } from './guard-server.ts';
import type { Flow } from './runtime.ts';
import { type Answer, type Received, serve, type TestServer } from './servers.ts';

/** A Visual Guard server that asks each person for a code. */
export function asksForCode(request: Received): Answer {
  const step = stepOf(request);
  if (step === 'login') return challenges(way('w1', 1, 2));
  return step === 'choose' ? says('Failure, MFA_WaitingUserAction') : signsIn('token-1');
}

/** A server like this, with its answers to a code. */
export function serveCodes(toCode = signsIn('token-1')): Promise<TestServer> {
  return serve((request) => (stepOf(request) === 'submit' ? toCode : asksForCode(request)));
}

/** `guardFlow` with an `attach-bearer` that holds messages. Its completed messages arrive at `done`. */
export function holdFlow(server: object, attach: object = {}): FlowNode[] {
  const nodes = guardFlow({ applicationId: 'a', ...server });
  const found = nodes.find(({ id }) => id === 'attach');
  Object.assign(found ?? {}, { hold: 600, ...attach });
  return [...nodes, wire('complete', 'complete', ['done'], { scope: ['attach'], uncaught: false }), place('done')];
}

/** The same nodes, with other properties of one of them. */
export function withChanged(nodes: readonly FlowNode[], id: string, properties: object): FlowNode[] {
  return nodes.map((node) => (node.id === id ? { ...node, ...properties } : node));
}

/** Answers the challenge of a message. */
export async function answer(flow: Flow, asked: Arrival, code = '123456'): Promise<Arrival> {
  const { auth } = asked.msg;
  flow.send('choose', { auth, payload: '' });
  assert.equal((await flow.next('mfa')).msg.auth?.state, 'code-required');
  flow.send('submit', { auth, payload: code });
  return Promise.race([flow.next('in'), flow.next('refused'), flow.next('mfa')]);
}

/** Sends messages with numbers as payloads to `attach`. */
export function put(flow: Flow, count: number, more: object = {}, first = 1): void {
  for (let number = first; number < first + count; number += 1) flow.send('attach', { payload: number, ...more });
}

/** The payloads of this many messages that arrive at a helper node, in order. */
export async function payloadsAt(flow: Flow, at: string, count: number): Promise<unknown[]> {
  const payloads: unknown[] = [];
  for (let number = 0; number < count; number += 1) payloads.push((await flow.next(at)).msg.payload);
  return payloads;
}

import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { type AuthError, asAuthError } from '../../src/core/errors.ts';
import { translate } from './catalogue.ts';

/** Sends messages on; does nothing once the node is closed. */
export type Send = (messages: NodeMessage | (NodeMessage | null)[]) => void;

/** What a node does with a message. A fault is thrown; everything else is sent. */
export type Handler = (msg: NodeMessageInFlow, send: Send) => Promise<void>;

/** The input listener of a node, as Node-RED calls it. */
export type InputListener = (msg: NodeMessageInFlow, send: Send, done: (error?: Error) => void) => void;

/**
 * Gives every message one outcome: sent and done, or an error for a Catch node.
 * A message whose node was closed while it waited is ended: its successors may not be there any more.
 *
 * @param failed shows what went wrong
 */
export function inputListener(
  RED: NodeAPI,
  node: Node,
  handle: Handler,
  failed: (error: AuthError) => void,
): InputListener {
  let closed = false;
  node.on('close', () => {
    closed = true;
  });
  return (msg, send, done) => {
    const sendIfOpen: Send = (messages) => {
      if (!closed) send(messages);
    };
    handle(msg, sendIfOpen)
      .then(
        () => done(),
        (thrown: unknown) => {
          const error = translate(RED, asAuthError(thrown));
          if (!closed) failed(error);
          done(closed ? undefined : error);
        },
      )
      // Whatever a node behind `done` throws must not end Node-RED.
      .catch((defect: unknown) => node.error(asAuthError(defect)));
  };
}

/** Makes a node do this with every message. */
export function onInput(RED: NodeAPI, node: Node, handle: Handler, failed: (error: AuthError) => void): void {
  node.on('input', inputListener(RED, node, handle, failed));
}

import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { type AuthError, asAuthError } from '../../src/core/errors.ts';
import { translate } from './catalogue.ts';

/** Sends messages. It does nothing after the node was closed. */
export type Send = (messages: NodeMessage | (NodeMessage | null)[]) => void;

/** Handles a message: it sends the outcome, or throws an error. */
export type Handler = (msg: NodeMessageInFlow, send: Send) => Promise<void>;

/** The input listener of a node, as Node-RED calls it. */
export type InputListener = (msg: NodeMessageInFlow, send: Send, done: (error?: Error) => void) => void;

/**
 * Ends the handling of every message once: with `done`, or with an error for a Catch node. If the node was closed
 * meanwhile, nothing is sent, because the next nodes may be closed too.
 *
 * @param failed shows an error in the status
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
      // An error that a node throws in `done` must not end Node-RED.
      .catch((defect: unknown) => node.error(asAuthError(defect)));
  };
}

/** Handles every message of a node, as `inputListener`. */
export function onInput(RED: NodeAPI, node: Node, handle: Handler, failed: (error: AuthError) => void): void {
  node.on('input', inputListener(RED, node, handle, failed));
}

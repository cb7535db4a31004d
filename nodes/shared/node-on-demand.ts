import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { OnDemand } from '../../src/core/on-demand.ts';
import { setNodeRedUrl } from './node-red-url.ts';

/** A module of `nodes/types`: it registers a node type, and admin routes. */
export interface NodeCode {
  default(RED: NodeAPI): void;
}

/** A route below `httpAdminRoot`, such as `POST /vgs-account/test`. */
export type Route = `${'GET' | 'POST'} /${string}`;

type Next = (fault?: unknown) => void;
type Handler = (request: unknown, response: unknown, next: Next) => void;
type Construct = (this: Node, config: NodeDef) => void;

/** The registrations of a module of `nodes/types`. */
interface Registered {
  construct: Construct | undefined;
  readonly handlers: Map<string, readonly Handler[]>;
}

/**
 * Registers a node type and its admin routes without their code. The code is loaded when the first node of the type is
 * made, or a route is called. So Node-RED starts quickly if no flow uses the type.
 *
 * @param code registers the same type and the same routes
 * @returns a promise only if this Node.js cannot load the code later. Node-RED waits for it
 */
export function nodeOnDemand(
  RED: NodeAPI,
  type: string,
  code: OnDemand<NodeCode>,
  { credentials, routes = [] }: { credentials?: object; routes?: readonly Route[] } = {},
): Promise<void> | undefined {
  const registered = routesOnDemand(RED, code, routes);
  function NodeOnDemand(this: Node, config: NodeDef): void {
    registered().construct?.call(this, config);
  }
  RED.nodes.registerType(type, NodeOnDemand, { ...(credentials ? { credentials } : {}) });
  return code.early();
}

/**
 * Adds admin routes without their code.
 *
 * @param code registers the same routes. It checks the permission of each request
 * @returns loads the code, if it is not loaded
 */
export function routesOnDemand(RED: NodeAPI, code: OnDemand<NodeCode>, routes: readonly Route[]): () => Registered {
  // Flows use this variable while they start.
  setNodeRedUrl(RED.settings);
  let loaded: Registered | undefined;
  const registered = (): Registered => {
    loaded ??= registrationsOf(RED, code.get());
    return loaded;
  };
  for (const route of routes) {
    const [method, path] = route.split(' ') as ['GET' | 'POST', string];
    const answer: Handler = (request, response, next) =>
      runInTurn(registered().handlers.get(route) ?? [], request, response, next);
    if (method === 'GET') RED.httpAdmin.get(path, answer);
    else RED.httpAdmin.post(path, answer);
  }
  return registered;
}

/** Runs a module with a Node-RED API that records its registrations. */
function registrationsOf(RED: NodeAPI, code: NodeCode): Registered {
  const found: Registered = { construct: undefined, handlers: new Map() };
  const note =
    (method: string) =>
    (path: string, ...handlers: Handler[]): void => {
      found.handlers.set(`${method} ${path}`, handlers);
    };
  const registerType = (_type: string, construct: Construct): void => {
    found.construct = construct;
  };
  const noting = Object.create(RED, {
    httpAdmin: { value: { get: note('GET'), post: note('POST') } },
    nodes: { value: Object.create(RED.nodes, { registerType: { value: registerType } }) },
  }) as NodeAPI;
  code.default(noting);
  return found;
}

/** Each handler calls the next one, as in Express. */
function runInTurn([first, ...others]: readonly Handler[], request: unknown, response: unknown, next: Next): void {
  if (!first) next();
  else first(request, response, (fault) => (fault ? next(fault) : runInTurn(others, request, response, next)));
}

import { LRUCache } from 'lru-cache';
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { requestHeaders, withoutAuthorization } from '../src/authorization-header.ts';
import { AuthError, asAuthError } from '../src/errors.ts';
import type { Token } from '../src/token.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { attemptOf, mark, remember } from './shared/attempt.ts';
import { type Bearer, type BearerSource, MessageBearer, VgsBearer, VisualGuardBearer } from './shared/bearer-source.ts';
import { connectionOf } from './shared/config-node.ts';
import { followStoredUser } from './shared/follow-stored-user.ts';
import { inputListener, type Send } from './shared/input.ts';
import { type Auth, byOutput, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { storedPerson, userSetting } from './shared/user.ts';

interface AttachBearerConfig extends NodeDef {
  source?: string;
  account?: string;
  server?: string;
  user?: string;
  userType?: string;
  property?: string;
  hide?: boolean;
}

/** How many message ids are remembered that came back with 401 and without a mark. */
const MOST_UNMARKED = 1_000;

/** The node `attach bearer`: gives a message the header for the core `http request`. Outputs: ready, sign-in needed. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AttachBearerNode(this: Node, config: AttachBearerConfig): void {
    RED.nodes.createNode(this, config);
    const { id } = this;
    const status = new StatusLine(RED, this, engine.system);
    const hides = config.hide !== false;
    const unmarked = new LRUCache<string, true>({ max: MOST_UNMARKED });
    let source: BearerSource | undefined;
    let problem = asAuthError(undefined);
    try {
      source = openSource(this, config, status);
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }

    /** What is shown is of a message that got no header: the next one that does makes it untrue. */
    let isTroubled = false;

    const attach = (msg: NodeMessage, bearer: Bearer, tries: number): NodeMessage => {
      if (isTroubled) {
        isTroubled = false;
        showReady(bearer, config, status);
      }
      const restore = remember(msg);
      const headers = requestHeaders(msg.headers);
      headers.authorization = hides ? bearer.hiddenHeader : bearer.header;
      msg.headers = headers;
      mark(msg, { node: id, tries, generation: bearer.generation, restore });
      return msg;
    };

    const need = (msg: NodeMessage, auth: Auth, send: Send): void => {
      if (typeof msg.headers === 'object' && msg.headers !== null)
        msg.headers = withoutAuthorization(msg.headers as Record<string, unknown>);
      msg.auth = auth;
      isTroubled = true;
      status.needed(auth);
      send(byOutput(1, msg));
    };

    const seek = async (from: BearerSource, msg: NodeMessageInFlow, tries: number, send: Send): Promise<void> => {
      const { bearer, needed } = await from.seek(msg);
      if (bearer) send(attach(msg, bearer, tries));
      else need(msg, needed, send);
    };

    /** The API said 401: the first time another token is tried, the second time the sign-in is. */
    const retry = async (from: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> => {
      const attempt = attemptOf(msg, id);
      const isRepeated = attempt ? attempt.tries > 0 : unmarked.has(msg._msgid);
      if (!attempt) unmarked.set(msg._msgid, true);
      if (isRepeated || !(await from.reject(msg, attempt?.generation))) {
        need(msg, { ...systemOf(config), state: 'sign-in-needed', reason: 'token-rejected' }, send);
        return;
      }
      attempt?.restore(msg);
      delete msg.statusCode;
      await seek(from, msg, 1, send);
    };

    const withoutHaste = inputListener(
      RED,
      this,
      async (msg, send) => {
        if (!source) throw problem;
        if (msg.statusCode === 401) await retry(source, msg, send);
        else await seek(source, msg, 0, send);
      },
      (error) => {
        isTroubled = true;
        if (source) status.failed(error);
        else status.misconfigured(error);
      },
    );

    // The way of nearly every message: a token is there, and nothing is asynchronous.
    this.on('input', (msg, send, done) => {
      const bearer = msg.statusCode === 401 ? undefined : currentOf(source, msg);
      if (!bearer) {
        withoutHaste(msg, send, done);
        return;
      }
      send(attach(msg, bearer, 0));
      done();
    });
  }

  /** @throws AuthError `AUTH_CONFIG` where the node or its config node is incomplete */
  function openSource(node: Node, config: AttachBearerConfig, status: StatusLine): BearerSource {
    if (config.source === 'msg') return new MessageBearer(RED, tokenProperty(config), engine.system);
    if (config.source === 'vg') {
      const { connection: server, node: configNode } = connectionOf<VisualGuardServer>(
        RED,
        node,
        config.server,
        'server',
        'vg-server',
      );
      status.isPractice = configNode.isPractice;
      status.idle();
      const setting = userSetting(config);
      if (setting.type === 'stored') {
        storedPerson(server);
        followStoredUser(node, server, status);
      }
      return new VisualGuardBearer(RED, node, server, setting);
    }
    if (config.source && config.source !== 'vgs') throw new AuthError('config-value-unknown', { property: 'source' });
    const { connection: account, node: configNode } = connectionOf<VgsAccount>(
      RED,
      node,
      config.account,
      'account',
      'vgs-account',
    );
    status.isPractice = configNode.isPractice;
    status.source(account.state);
    node.on(
      'close',
      account.changes.add((state) => status.source(state)),
    );
    return new VgsBearer(account);
  }

  RED.nodes.registerType('attach-bearer', AttachBearerNode);
}

/** The life of an account's or the stored user's token; where each message may mean another user, only that it went. */
function showReady(bearer: Bearer, { source, userType }: AttachBearerConfig, status: StatusLine): void {
  const isFollowed = source !== 'msg' && (source !== 'vg' || (userType || 'stored') === 'stored');
  if (isFollowed) status.valid(bearer as Token);
  else status.done('ready');
}

/** The token that serves right now. What is wrong with a message is told where there is time for it. */
function currentOf(source: BearerSource | undefined, msg: NodeMessage): Bearer | undefined {
  try {
    return source?.current(msg);
  } catch {
    return undefined;
  }
}

/** `msg.auth.system` is left out where the token came on the message. */
function systemOf({ source }: AttachBearerConfig): Pick<Auth, 'system'> {
  return source === 'msg' ? {} : { system: source === 'vg' ? 'vg' : 'vgs' };
}

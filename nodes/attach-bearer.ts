import { LRUCache } from 'lru-cache';
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { requestHeaders, withoutAuthorization } from '../src/authorization-header.ts';
import { AuthError } from '../src/errors.ts';
import type { Token } from '../src/token.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { type AttemptStep, attemptOf, mark, remember } from './shared/attempt.ts';
import { type Bearer, type BearerSource, MessageBearer, VgsBearer, VisualGuardBearer } from './shared/bearer-source.ts';
import { type ChoiceConfig, ConfigChoice, type OpenNode } from './shared/config-choice.ts';
import { followAccount } from './shared/follow-account.ts';
import { followNothing } from './shared/follow-nothing.ts';
import { followStoredUser } from './shared/follow-stored-user.ts';
import { inputListener, type Send } from './shared/input.ts';
import { type Auth, byOutput, tokenProperty } from './shared/message.ts';
import { NamedBearer } from './shared/named-bearer.ts';
import { Opened } from './shared/opened.ts';
import { engineOf } from './shared/runtime.ts';
import { ShownConfig } from './shared/shown-config.ts';
import { StatusLine } from './shared/status.ts';
import { storedPerson, userSetting } from './shared/user.ts';

interface AttachBearerConfig extends NodeDef, ChoiceConfig {
  source?: string;
  user?: string;
  userType?: string;
  property?: string;
  hide?: boolean;
}

/** Where the tokens come from: for all messages the same, or for each from where it says. */
type AnySource = BearerSource | NamedBearer<VgsAccount> | NamedBearer<VisualGuardServer>;

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
    const source = new Opened(status, () => openSource(this, config, status));

    /** What is shown is of a message that got no header: the next one that does makes it untrue. */
    let isTroubled = false;

    const attach = (msg: NodeMessage, bearer: Bearer, at: AttemptStep): NodeMessage => {
      if (isTroubled) {
        isTroubled = false;
        if (source.value instanceof NamedBearer) source.value.showLast();
        showReady(bearer, config, status);
      }
      const restore = remember(msg);
      const headers = requestHeaders(msg.headers);
      headers.authorization = hides ? bearer.hiddenHeader : bearer.header;
      msg.headers = headers;
      mark(msg, { node: id, at, generation: bearer.generation, restore });
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

    const seek = async (from: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> => {
      const { bearer, needed } = await from.seek(msg);
      if (bearer) send(attach(msg, bearer, 'sent'));
      else need(msg, needed, send);
    };

    /** The API said 401: another token is tried, then a sign-in, then another token once more, and that is the end. */
    const retry = async (from: BearerSource, msg: NodeMessageInFlow, send: Send): Promise<void> => {
      const attempt = attemptOf(msg, id);
      // With several config nodes, one message id may stand for a message to each of them.
      const unmarkedId = `${from.id} ${msg._msgid}`;
      const at = attempt?.at ?? (unmarked.has(unmarkedId) ? 'sent-again' : 'sent');
      if (!attempt) unmarked.set(unmarkedId, true);
      const restore = attempt?.restore ?? remember(msg);
      const mayTry = (at === 'sent' || at === 'sign-in') && (await from.reject(msg, attempt?.generation));
      // The sign-in at output 2 may lead back here. Where it brought no token that the API takes, the circle ends.
      if (!mayTry && (at === 'sign-in' || at === 'sent-after-sign-in')) throw new AuthError('token-still-rejected');
      if (mayTry) restore(msg);
      const { bearer, needed } = mayTry ? await from.seek(msg) : { needed: tokenRejected(config) };
      if (bearer) {
        delete msg.statusCode;
        send(attach(msg, bearer, at === 'sent' ? 'sent-again' : 'sent-after-sign-in'));
        return;
      }
      mark(msg, { node: id, at: 'sign-in', generation: attempt?.generation ?? 0, restore });
      need(msg, needed, send);
    };

    const withoutHaste = inputListener(
      RED,
      this,
      async (msg, send) => {
        const opened = source.get();
        const from = opened instanceof NamedBearer ? await opened.of(msg) : opened;
        if (msg.statusCode === 401) await retry(from, msg, send);
        else await seek(from, msg, send);
      },
      (error) => {
        isTroubled = true;
        source.failed(error);
      },
    );

    // The way of nearly every message: a token is there, and nothing is asynchronous.
    this.on('input', (msg, send, done) => {
      const bearer = msg.statusCode === 401 ? undefined : currentOf(source.value, msg);
      if (!bearer) {
        withoutHaste(msg, send, done);
        return;
      }
      send(attach(msg, bearer, 'sent'));
      done();
    });
  }

  /** @throws AuthError `AUTH_CONFIG` where the node or its config node is incomplete */
  function openSource(node: Node, config: AttachBearerConfig, status: StatusLine): AnySource {
    if (config.source === 'msg') return new MessageBearer(RED, tokenProperty(config), engine.system);
    if (config.source === 'vg') {
      const setting = userSetting(config);
      const isStored = setting.type === 'stored';
      const choice = new ConfigChoice<VisualGuardServer>(RED, node, config, 'server', 'vg-server');
      if (isStored && choice.fixed) storedPerson(choice.fixed.connection);
      const open = (server: OpenNode<VisualGuardServer>): BearerSource =>
        new VisualGuardBearer(RED, node, server, setting);
      return chosenSource(node, choice, open, status, (server) =>
        isStored ? followStoredUser(server, status) : followNothing(status),
      );
    }
    if (config.source && config.source !== 'vgs') throw new AuthError('config-value-unknown', { property: 'source' });
    const choice = new ConfigChoice<VgsAccount>(RED, node, config, 'account', 'vgs-account');
    const open = (account: OpenNode<VgsAccount>): BearerSource => new VgsBearer(account);
    return chosenSource(node, choice, open, status, (account) => followAccount(account, status));
  }

  /** @param follow shows where a connection stands, and returns how to end that */
  function chosenSource<T>(
    node: Node,
    choice: ConfigChoice<T>,
    open: (config: OpenNode<T>) => BearerSource,
    status: StatusLine,
    follow: (connection: T) => () => void,
  ): BearerSource | NamedBearer<T> {
    const shown = new ShownConfig<T>(node, status, engine.system, choice, follow);
    return choice.fixed ? open(choice.fixed) : new NamedBearer(choice, shown, open);
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
function currentOf(source: AnySource | undefined, msg: NodeMessage): Bearer | undefined {
  try {
    return source?.current(msg);
  } catch {
    return undefined;
  }
}

/** The answer to a 401 that another token does not help against. */
function tokenRejected(config: AttachBearerConfig): Auth {
  return { ...systemOf(config), state: 'sign-in-needed', reason: 'token-rejected' };
}

/** `msg.auth.system` is left out where the token came on the message. */
function systemOf({ source }: AttachBearerConfig): Pick<Auth, 'system'> {
  return source === 'msg' ? {} : { system: source === 'vg' ? 'vg' : 'vgs' };
}

import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { AuthError } from '../src/errors.ts';
import type { Token } from '../src/token.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { Attacher } from './shared/bearer/attacher.ts';
import {
  type Bearer,
  type BearerSource,
  MessageBearer,
  VgsBearer,
  VisualGuardBearer,
} from './shared/bearer/bearer-source.ts';
import { Hosts } from './shared/bearer/hosts.ts';
import { NamedBearer } from './shared/bearer/named-bearer.ts';
import { type ChoiceConfig, ConfigChoice, type OpenNode } from './shared/config/config-choice.ts';
import { Fields } from './shared/config/fields.ts';
import { followAccount } from './shared/config/follow-account.ts';
import { followNothing } from './shared/config/follow-nothing.ts';
import { followStoredUser } from './shared/config/follow-stored-user.ts';
import { Opened } from './shared/config/opened.ts';
import { ShownConfig } from './shared/config/shown-config.ts';
import { inputListener } from './shared/input.ts';
import { type Auth, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { storedPerson, userSetting } from './shared/user.ts';

interface AttachBearerConfig extends NodeDef, ChoiceConfig {
  source?: string;
  user?: string;
  userType?: string;
  property?: string;
  hide?: boolean;
  hosts?: string;
}

/** What a node works with. */
interface Setup {
  source: AnySource;
  /** Undefined if any host may get the token. */
  hosts: Hosts | undefined;
}

/** Where the tokens come from: for all messages the same, or for each from where it says. */
type AnySource = BearerSource | NamedBearer<VgsAccount> | NamedBearer<VisualGuardServer>;

/** The node `attach bearer`: gives a message the header for the core `http request`. Outputs: ready, sign-in needed. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AttachBearerNode(this: Node, config: AttachBearerConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    const setup = new Opened<Setup>(status, () => ({
      hosts: Hosts.parse(new Fields(RED, this, config).text('hosts')),
      source: openSource(this, config, status),
    }));
    const attacher = new Attacher({
      node: this.id,
      hides: config.hide !== false,
      rejected: { ...systemOf(config), state: 'sign-in-needed', reason: 'token-rejected' },
      checkHost: (msg) => setup.value?.hosts?.check(msg),
      showReady: (bearer) => {
        const { source } = setup.get();
        if (source instanceof NamedBearer) source.showLast();
        showReady(bearer, config, status);
      },
      showNeeded: (auth) => status.needed(auth),
    });

    const withoutHaste = inputListener(
      RED,
      this,
      async (msg, send) => {
        try {
          const { source } = setup.get();
          const from = source instanceof NamedBearer ? await source.of(msg) : source;
          if (msg.statusCode === 401) await attacher.retry(from, msg, send);
          else await attacher.seek(from, msg, send);
        } catch (thrown) {
          attacher.strip(msg);
          throw thrown;
        }
      },
      (error) => {
        attacher.troubled();
        setup.failed(error);
      },
    );

    // The way of nearly every message: a token is there, and nothing is asynchronous.
    this.on('input', (msg, send, done) => {
      const bearer = msg.statusCode === 401 ? undefined : currentOf(setup.value, msg);
      if (!bearer) {
        withoutHaste(msg, send, done);
        return;
      }
      send(attacher.attach(msg, bearer, 'sent'));
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
function currentOf(setup: Setup | undefined, msg: NodeMessage): Bearer | undefined {
  try {
    setup?.hosts?.check(msg);
    return setup?.source.current(msg);
  } catch {
    return undefined;
  }
}

/** `msg.auth.system` is left out where the token came on the message. */
function systemOf({ source }: AttachBearerConfig): Pick<Auth, 'system'> {
  return source === 'msg' ? {} : { system: source === 'vg' ? 'vg' : 'vgs' };
}

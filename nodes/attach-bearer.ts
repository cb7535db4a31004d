import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { AuthError } from '../src/core/errors.ts';
import type { Token } from '../src/oauth/token.ts';
import type { VgsAccount } from '../src/vgs/account.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import { Attacher } from './shared/bearer/attacher.ts';
import {
  type Bearer,
  type BearerSource,
  type BearerSources,
  MessageBearer,
  VgsBearer,
  VisualGuardBearer,
} from './shared/bearer/bearer-source.ts';
import { ConfigBearer } from './shared/bearer/config-bearer.ts';
import { Hosts } from './shared/bearer/hosts.ts';
import { ConfigReference, type ReferenceConfig } from './shared/config/config-reference.ts';
import { ConfigStatus } from './shared/config/config-status.ts';
import { Fields } from './shared/config/fields.ts';
import { accountFollower, noFollower, storedUserFollower } from './shared/config/followers.ts';
import { NodeSetup } from './shared/config/node-setup.ts';
import { inputListener } from './shared/input.ts';
import { type Auth, tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { StatusLine } from './shared/status.ts';
import { storedPerson, userSetting } from './shared/user.ts';

interface AttachBearerConfig extends NodeDef, ReferenceConfig {
  source?: string;
  user?: string;
  userType?: string;
  property?: string;
  hide?: boolean;
  hosts?: string;
}

/** What a node works with. */
interface Setup {
  sources: BearerSources;
  /** Undefined if any host may get the token. */
  hosts: Hosts | undefined;
}

/** The node `attach bearer`: gives a message the header for the core `http request`. Outputs: ready, sign-in needed. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AttachBearerNode(this: Node, config: AttachBearerConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup<Setup>(status, () => ({
      hosts: Hosts.parse(new Fields(RED, this, config).text('hosts')),
      sources: openSources(this, config, status),
    }));
    const attacher = new Attacher({
      node: this.id,
      hides: config.hide !== false,
      rejected: { ...systemOf(config), state: 'sign-in-needed', reason: 'token-rejected' },
      hasHosts: setup.value?.hosts !== undefined,
      checkHost: (msg) => setup.value?.hosts?.check(msg),
      showReady: (bearer) => {
        setup.get().sources.showLast();
        showReady(bearer, config, status);
      },
      showNeeded: (auth) => status.needed(auth),
    });

    const withoutHaste = inputListener(
      RED,
      this,
      async (msg, send) => {
        try {
          const from = await setup.get().sources.resolve(msg);
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
  function openSources(node: Node, config: AttachBearerConfig, status: StatusLine): BearerSources {
    if (config.source === 'msg') return new MessageBearer(RED, tokenProperty(config), engine.clock);
    if (config.source === 'vg') {
      const setting = userSetting(config);
      const isStored = setting.type === 'stored';
      const servers = new ConfigReference<VisualGuardServer>(RED, node, config, 'server');
      if (isStored && servers.fixed) storedPerson(servers.fixed.connection, servers.fixed.lostCredentials);
      const follow = isStored ? storedUserFollower(status) : noFollower(status);
      const shown = new ConfigStatus(node, status, engine.clock, servers, follow);
      return new ConfigBearer(
        servers,
        shown,
        (server): BearerSource => new VisualGuardBearer(RED, node, server, setting),
      );
    }
    if (config.source && config.source !== 'vgs') throw new AuthError('config-value-unknown', { property: 'source' });
    const accounts = new ConfigReference<VgsAccount>(RED, node, config, 'account');
    const shown = new ConfigStatus(node, status, engine.clock, accounts, accountFollower(status));
    return new ConfigBearer(accounts, shown, (account): BearerSource => new VgsBearer(account));
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
    return setup?.sources.current(msg);
  } catch {
    return undefined;
  }
}

/** `msg.auth.system` is left out where the token came on the message. */
function systemOf({ source }: AttachBearerConfig): Pick<Auth, 'system'> {
  return source === 'msg' ? {} : { system: source === 'vg' ? 'vg' : 'vgs' };
}

import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Token } from '../../src/oauth/token.ts';
import type { VgsAccount } from '../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { Attacher } from '../shared/bearer/attacher.ts';
import type { Bearer } from '../shared/bearer/bearer.ts';
import { type BearerSource, type BearerSources, MessageBearer, VgsBearer } from '../shared/bearer/bearer-source.ts';
import { ConfigBearer } from '../shared/bearer/config-bearer.ts';
import { Hosts } from '../shared/bearer/hosts.ts';
import { RejectOn } from '../shared/bearer/reject-on.ts';
import { rejectedMessagesOf } from '../shared/bearer/rejected-messages.ts';
import { VisualGuardBearer } from '../shared/bearer/visual-guard-bearer.ts';
import { ConfigNodeProperties } from '../shared/config/config-node-properties.ts';
import { ConfigReference } from '../shared/config/config-reference.ts';
import { ConfigStatus } from '../shared/config/config-status-follower.ts';
import { NodeSetup } from '../shared/config/flow-node-config.ts';
import { accountFollower, noFollower, storedUserFollower } from '../shared/config/followers.ts';
import { createNode } from '../shared/create-node.ts';
import {
  ACCOUNT_REFERENCE,
  choice,
  flag,
  type Properties,
  SERVER_REFERENCE,
  text,
  USER,
  wholeNumber,
} from '../shared/flow-node-properties.ts';
import { Hold } from '../shared/hold/hold.ts';
import { type InputListener, inputListener } from '../shared/input.ts';
import { tokenProperty } from '../shared/msg-auth.ts';
import { engineOf } from '../shared/runtime.ts';
import { StatusLine } from '../shared/status.ts';
import { storedCredentials, userSetting } from '../shared/user.ts';

const PROPERTIES = {
  source: choice('vgs', 'vg', 'msg'),
  ...ACCOUNT_REFERENCE,
  ...SERVER_REFERENCE,
  ...USER,
  property: text(),
  hide: flag(true),
  hosts: text(),
  rejectOn: text(),
  hold: wholeNumber(0, 0),
  holdMax: wholeNumber(1_000, 1),
};

type AttachBearerProperties = Properties<typeof PROPERTIES>;

/** The parts of a working node. */
interface Setup {
  sources: BearerSources;
  /** Undefined if any host may get the token. */
  hosts: Hosts | undefined;
  rejectOn: RejectOn;
}

/** The node `attach bearer`: adds the header for the core `http request` to a message. Outputs: ready, sign-in needed. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function AttachBearerNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const fields = new ConfigNodeProperties(RED, this, config);
    const setup = new NodeSetup(
      status,
      config,
      PROPERTIES,
      (properties): Setup => ({
        hosts: Hosts.parse(fields.text('hosts')),
        rejectOn: RejectOn.parse(fields.text('rejectOn')),
        sources: openSources(this, properties, status),
      }),
    );
    const { properties } = setup;
    const rejectOn = setup.value?.rejectOn ?? RejectOn.parse('');
    const hold = Hold.open(RED, this, status, { seconds: holdSeconds(properties), max: properties.holdMax });
    const attacher = new Attacher({
      node: this.id,
      hides: properties.hide,
      system: properties.source === 'msg' ? undefined : properties.source,
      rejectOn,
      hold,
      sends: rejectedMessagesOf(RED),
      hasHosts: setup.value?.hosts !== undefined,
      checkHost: (msg) => setup.value?.hosts?.check(msg),
      showReady: (bearer) => {
        setup.get().sources.showLast();
        showReady(bearer, properties, status);
      },
      showNeeded: (auth) => {
        const open = setup.value?.sources.challenge?.();
        // Messages can choose other config nodes in the meantime.
        status.needed(auth, open && open.id === auth.challenge?.id ? open : undefined);
      },
    });

    const onSlowPath = inputListener(
      RED,
      this,
      async (msg, send) => {
        const held = hold?.takeReturning(msg);
        if (held && !hold?.isOn) return attacher.leave(msg, held.awaited.neededNow(held.needed), send);
        if (msg.reset === true && hold?.releaseAll() && properties.userType !== 'stored') delete msg.reset;
        try {
          const from = await setup.get().sources.resolve(msg);
          if (held) await attacher.resume(from, msg, held, send);
          else if (rejectOn.notices(msg.statusCode)) await attacher.retry(from, msg, send);
          else await attacher.seek(from, msg, send);
        } catch (thrown) {
          attacher.strip(msg);
          throw thrown;
        }
      },
      (error) => {
        attacher.failed();
        setup.failed(error);
      },
    );

    // Nearly every message takes this path: there is a valid token, and no step is asynchronous.
    const onMessage: InputListener = (msg, send, done) => {
      const isSlow = rejectOn.notices(msg.statusCode) || hold?.concerns(msg);
      const bearer = isSlow ? undefined : currentOf(setup.value, msg);
      if (bearer) {
        send(attacher.attach(msg, bearer));
        done();
        return;
      }
      if (!hold?.postpone(msg, () => onMessage(msg, send, done))) onSlowPath(msg, send, done);
    };
    this.on('input', onMessage);
  }

  /** @throws AuthError `AUTH_CONFIG` if the node or its config node is incomplete */
  function openSources(node: Node, properties: AttachBearerProperties, status: StatusLine): BearerSources {
    if (properties.source === 'msg') return new MessageBearer(RED, tokenProperty(properties), engine.clock);
    if (properties.source === 'vg') {
      const setting = userSetting(properties);
      const isStored = setting.type === 'stored';
      const servers = new ConfigReference<VisualGuardServer>(RED, node, properties, 'server');
      if (isStored && servers.fixed) storedCredentials(servers.fixed.connection, servers.fixed.lostCredentials);
      const follow = isStored ? storedUserFollower(status) : noFollower(status);
      const shown = new ConfigStatus(node, status, engine.clock, servers, follow);
      return new ConfigBearer(
        servers,
        shown,
        (server): BearerSource => new VisualGuardBearer(RED, node, server, setting),
      );
    }
    const accounts = new ConfigReference<VgsAccount>(RED, node, properties, 'account');
    const shown = new ConfigStatus(node, status, engine.clock, accounts, accountFollower(status));
    return new ConfigBearer(accounts, shown, (account): BearerSource => new VgsBearer(account));
  }

  RED.nodes.registerType('attach-bearer', AttachBearerNode);
}

/** How long a message waits for a human, in s: only for the stored user, or for another one by the name. */
function holdSeconds({ source, userType, hold }: AttachBearerProperties): number {
  return source === 'vg' && userType !== 'session' ? hold : 0;
}

/** Shows until when the token is valid. If each message can be about another user, it only shows that the message left. */
function showReady(bearer: Bearer, { source, userType }: AttachBearerProperties, status: StatusLine): void {
  const isFollowed = source === 'vgs' || (source === 'vg' && userType === 'stored');
  if (isFollowed) status.valid(bearer as Token);
  else status.done('ready');
}

/** The token that is valid right now. The slow path finds and reports the reason if there is none. */
function currentOf(setup: Setup | undefined, msg: NodeMessage): Bearer | undefined {
  try {
    setup?.hosts?.check(msg);
    return setup?.sources.current(msg);
  } catch {
    return undefined;
  }
}

import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../src/core/errors.ts';
import type { Credentials } from '../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../src/visual-guard/server.ts';
import type { SignInWishes } from '../src/visual-guard/sign-in/sign-in.ts';
import { ConfigReference, type ReferenceConfig } from './shared/config/config-reference.ts';
import { ConfigStatus } from './shared/config/config-status.ts';
import { noFollower } from './shared/config/followers.ts';
import { NodeSetup } from './shared/config/node-setup.ts';
import { deleteProperty, deleteSecret } from './shared/delete-property.ts';
import { onInput } from './shared/input.ts';
import { tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { SignInNode } from './shared/sign-in.ts';
import { StatusLine } from './shared/status.ts';
import { storedPerson } from './shared/user.ts';
import { asText, readTyped, type Typed } from './shared/values.ts';

interface VgLoginConfig extends NodeDef, ReferenceConfig {
  username?: string;
  usernameType?: string;
  password?: string;
  passwordType?: string;
  method?: string;
  property?: string;
}

/** The node `VG login`: signs a user in to Visual Guard. Outputs: signed in, MFA, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgLoginNode(this: Node, config: VgLoginConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const username: Typed = { value: config.username ?? '', type: config.usernameType || 'stored' };
    const password: Typed = { value: config.password ?? '', type: config.passwordType || 'stored' };
    status.isStoredPassword = password.type === 'stored';
    const isStored = username.type === 'stored' && password.type === 'stored';
    const setup = new NodeSetup(status, () => {
      if (password.type === 'str') throw new AuthError('config-value-unknown', { property: 'passwordType' });
      const property = tokenProperty(config);
      const servers = new ConfigReference<VisualGuardServer>(RED, this, config, 'server');
      if (isStored && servers.fixed) storedPerson(servers.fixed.connection, servers.fixed.lostCredentials);
      return { property, servers };
    });
    const property = setup.value?.property ?? 'token';
    const shown = new ConfigStatus(this, status, engine.clock, setup.value?.servers, noFollower(status));
    const node = new SignInNode(RED, this, status, property);

    /** What the message brings is read, and the password taken off it, before anything else can go wrong. */
    const take = async (msg: NodeMessageInFlow): Promise<{ user: unknown; secret: unknown }> => {
      const user = username.type === 'stored' ? undefined : await readTyped(RED, this, username, msg);
      const secret = password.type === 'stored' ? undefined : await readTyped(RED, this, password, msg);
      if (password.type === 'msg') deleteSecret(RED, msg, password.value);
      deleteProperty(RED, msg, property);
      return { user, secret };
    };

    /** Who signs in, where that is not the stored user alone. */
    const personOf = ({ wire }: VisualGuardServer, taken: { user: unknown; secret: unknown }): Credentials => {
      const user = username.type === 'stored' ? wire.stored.user : asText(taken.user, username, 'username');
      if (user === '') throw new AuthError('user-missing', { property: username.value || 'username' });
      if (wire.passwordless) return { user, password: '' };
      const secret = password.type === 'stored' ? wire.stored.password : asText(taken.secret, password, 'password');
      if (secret === '') throw new AuthError('password-missing', { property: password.value || 'password' });
      return { user, password: secret };
    };

    onInput(
      RED,
      this,
      async (msg, send) => {
        const taken = await take(msg);
        const chosen = await setup.get().servers.resolve(msg);
        const show = (): void => shown.show(chosen);
        const server = chosen.connection;
        const wishes: SignInWishes = { method: config.method || 'ask', reset: msg.reset === true };
        if (wishes.reset) delete msg.reset;
        show();
        if (isStored) storedPerson(server);
        const person = isStored ? undefined : personOf(server, taken);
        status.busy('signing-in');
        try {
          const outcome = person ? await server.signIn(person, wishes) : await server.signInStored(wishes);
          await node.send(outcome, msg, send, show);
        } finally {
          show();
        }
      },
      (error) => setup.failed(error),
    );
  }

  RED.nodes.registerType('vg-login', VgLoginNode);
}

import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError, asAuthError } from '../src/errors.ts';
import type { SignInWishes, VisualGuardServer } from '../src/visual-guard/server.ts';
import type { Person } from '../src/visual-guard/wire.ts';
import { connectionOf } from './shared/config-node.ts';
import { onInput } from './shared/input.ts';
import { setProperty, setToken } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { SignInNode } from './shared/sign-in.ts';
import { StatusLine } from './shared/status.ts';
import { asText, readTyped, type Typed } from './shared/values.ts';

interface VgLoginConfig extends NodeDef {
  server?: string;
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
    const status = new StatusLine(RED, this, engine.system);
    const property = config.property || 'token';
    const username: Typed = { value: config.username ?? '', type: config.usernameType || 'stored' };
    const password: Typed = { value: config.password ?? '', type: config.passwordType || 'stored' };
    const node = new SignInNode(RED, this, status, property);
    let server: VisualGuardServer | undefined;
    let problem = asAuthError(undefined);
    try {
      if (password.type === 'str') throw new AuthError('config-value-unknown', { property: 'passwordType' });
      const found = connectionOf<VisualGuardServer>(RED, this, config.server, 'server', 'vg-server');
      server = found.connection;
      status.isPractice = found.node.isPractice;
      status.idle();
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }
    /** Who signs in: undefined for the stored user. */
    const readPerson = async (msg: NodeMessageInFlow, at: VisualGuardServer): Promise<Person | undefined> => {
      const stored = at.storedPerson;
      if (username.type === 'stored' && password.type === 'stored') {
        if (!stored)
          throw new AuthError('property-missing', {
            property: at.wire.stored.user === '' ? 'username' : 'password',
          });
        return undefined;
      }
      const { stored: kept, passwordless } = at.wire;
      const user =
        username.type === 'stored'
          ? kept.user
          : asText(await readTyped(RED, this, username, msg), username, 'username');
      if (user === '') throw new AuthError('user-missing', { property: username.value || 'username' });
      if (passwordless) return { user, password: '' };
      const secret =
        password.type === 'stored'
          ? kept.password
          : asText(await readTyped(RED, this, password, msg), password, 'password');
      if (password.type === 'msg') setProperty(RED, msg, password.value, undefined);
      if (secret === '') throw new AuthError('password-missing', { property: password.value || 'password' });
      return { user, password: secret };
    };

    onInput(
      RED,
      this,
      async (msg, send) => {
        setToken(RED, msg, property, undefined);
        if (!server) throw problem;
        const wishes: SignInWishes = { method: config.method || 'ask', reset: msg.reset === true };
        if (wishes.reset) delete msg.reset;
        const person = await readPerson(msg, server);
        status.busy('signing-in');
        const outcome = person ? await server.signIn(person, wishes) : await server.signInStored(wishes);
        await node.send(outcome, msg, send);
      },
      (error) => (server ? status.failed(error) : status.misconfigured(error)),
    );
  }

  RED.nodes.registerType('vg-login', VgLoginNode);
}

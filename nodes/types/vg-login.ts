import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import type { Credentials } from '../../src/visual-guard/dialect/wire.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import type { SignInOptions } from '../../src/visual-guard/sign-in/sign-in.ts';
import { ConfigReference } from '../shared/config/config-reference.ts';
import { ConfigStatus } from '../shared/config/config-status-follower.ts';
import { NodeSetup } from '../shared/config/flow-node-config.ts';
import { noFollower } from '../shared/config/followers.ts';
import { createNode } from '../shared/create-node.ts';
import { deleteProperty, deleteSecret } from '../shared/delete-property.ts';
import { choice, SERVER_REFERENCE, text } from '../shared/flow-node-properties.ts';
import { onInput } from '../shared/input.ts';
import { tokenProperty } from '../shared/msg-auth.ts';
import { engineOf } from '../shared/runtime.ts';
import { SignInNode } from '../shared/sign-in.ts';
import { StatusLine } from '../shared/status.ts';
import { storedCredentials } from '../shared/user.ts';
import { asText, readTyped, type Typed } from '../shared/values.ts';

const PROPERTIES = {
  ...SERVER_REFERENCE,
  username: text(),
  usernameType: choice('stored', 'msg', 'flow', 'global', 'env', 'str'),
  password: text(),
  // Not `str`: the flow file would contain the password.
  passwordType: choice('stored', 'msg', 'flow', 'global', 'env'),
  method: choice('ask', 'first', 'otp-sms', 'otp-email', 'otp-whatsapp', 'otp-app', 'link-sms', 'link-email'),
  property: text(),
};

/** The values of a message for a sign-in, unchanged. Undefined if the property is not taken from the message. */
interface Found {
  username: unknown;
  password: unknown;
}

/** The node `VG login`: signs a user in to Visual Guard. Outputs: signed in, MFA, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);

  function VgLoginNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup(status, config, PROPERTIES, (properties) => {
      const isStoredUser = properties.usernameType === 'stored' && properties.passwordType === 'stored';
      const property = tokenProperty(properties);
      const servers = new ConfigReference<VisualGuardServer>(RED, this, properties, 'server');
      if (isStoredUser && servers.fixed) storedCredentials(servers.fixed.connection, servers.fixed.lostCredentials);
      return { isStoredUser, property, servers };
    });
    const { properties } = setup;
    const username: Typed = { value: properties.username, type: properties.usernameType };
    const password: Typed = { value: properties.password, type: properties.passwordType };
    status.isStoredPassword = password.type === 'stored';
    const property = setup.value?.property ?? 'token';
    const shown = new ConfigStatus(this, status, engine.clock, setup.value?.servers, noFollower(status));
    const node = new SignInNode(RED, this, status, property);

    /** Reads user name and password, and removes the password from the message, before anything else can fail. */
    const take = async (msg: NodeMessageInFlow): Promise<Found> => {
      const found: Found = {
        username: username.type === 'stored' ? undefined : await readTyped(RED, this, username, msg),
        password: password.type === 'stored' ? undefined : await readTyped(RED, this, password, msg),
      };
      if (password.type === 'msg') deleteSecret(RED, msg, password.value);
      deleteProperty(RED, msg, property);
      return found;
    };

    /** @throws AuthError `AUTH_CONFIG` if the user name or the password is missing */
    const credentialsOf = ({ wire }: VisualGuardServer, found: Found): Credentials => {
      const user = username.type === 'stored' ? wire.stored.user : asText(found.username, username, 'username');
      if (user === '') throw new AuthError('user-missing', { property: username.value || 'username' });
      if (wire.passwordless) return { user, password: '' };
      const secret = password.type === 'stored' ? wire.stored.password : asText(found.password, password, 'password');
      if (secret === '') throw new AuthError('password-missing', { property: password.value || 'password' });
      return { user, password: secret };
    };

    onInput(
      RED,
      this,
      async (msg, send) => {
        const found = await take(msg);
        const { isStoredUser, servers } = setup.get();
        const serverNode = await servers.resolve(msg);
        const show = (): void => shown.show(serverNode);
        const server = serverNode.connection;
        const options: SignInOptions = { method: properties.method, reset: msg.reset === true };
        if (options.reset) delete msg.reset;
        show();
        if (isStoredUser) storedCredentials(server);
        const credentials = isStoredUser ? undefined : credentialsOf(server, found);
        status.busy('signing-in');
        try {
          const outcome = await (credentials ? server.signIn(credentials, options) : server.signInStored(options));
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

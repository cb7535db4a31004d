import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../src/core/errors.ts';
import { PRACTICE_VG_URL } from '../src/core/practice-defaults.ts';
import { type FoundChallenge, findChallenge, findOnlyStoredChallenge } from '../src/visual-guard/challenge/find.ts';
import type { Outcome } from '../src/visual-guard/outcome.ts';
import { writeAudit } from './shared/audit.ts';
import { namesOf } from './shared/config/config-names.ts';
import { nodeAsWritten } from './shared/config/fields.ts';
import { NodeSetup } from './shared/config/node-setup.ts';
import { serversInReach } from './shared/config/servers-in-reach.ts';
import { variableIn } from './shared/config/variables.ts';
import { deleteProperty, deleteSecret } from './shared/delete-property.ts';
import { onInput } from './shared/input.ts';
import { tokenProperty } from './shared/message.ts';
import { engineOf } from './shared/runtime.ts';
import { SignInNode } from './shared/sign-in.ts';
import { StatusLine } from './shared/status.ts';
import { asText, readTyped, type Typed } from './shared/values.ts';

interface VgMfaConfig extends NodeDef {
  action?: string;
  code?: string;
  codeType?: string;
  method?: string;
  methodType?: string;
  challenge?: string;
  challengeType?: string;
  property?: string;
}

/** The node `submit MFA code`: chooses a way, or answers with a code. Outputs: signed in, MFA, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);
  const names = namesOf(RED);

  function VgMfaNode(this: Node, config: VgMfaConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const chooses = config.action === 'choose';
    const code: Typed = { value: config.code || 'payload', type: config.codeType || 'msg' };
    const method: Typed = { value: config.method ?? 'payload', type: config.methodType || 'msg' };
    const challenge: Typed = { value: config.challenge ?? 'auth.challenge.id', type: config.challengeType || 'msg' };
    const setup = new NodeSetup(status, () => {
      checkVariable(RED, this, 'challenge', config.challenge);
      return { property: tokenProperty(config) };
    });
    const property = setup.value?.property ?? 'token';
    const node = new SignInNode(RED, this, status, property);

    /** What the message brings is read, and the code taken off it, before anything else can go wrong. */
    const take = async (msg: NodeMessageInFlow): Promise<{ said: unknown; named: unknown }> => {
      const said = await readTyped(RED, this, chooses ? method : code, msg);
      const named = challenge.value === '' ? undefined : await readTyped(RED, this, challenge, msg);
      if (!chooses && code.type === 'msg') deleteSecret(RED, msg, code.value);
      deleteProperty(RED, msg, property);
      return { said, named };
    };

    /**
     * The challenge that the message names, at a server that this node could use. Only a node whose own field is empty
     * takes one that is not named: a stored user's. Whoever can send a message must not reach anybody else's.
     */
    const find = async (named: unknown): Promise<FoundChallenge> => {
      if (challenge.value === '') {
        // Until a deploy ends, a server with another such challenge may be missing.
        if (names.deploy) await names.deployed(engine.clock);
        return findOnlyStoredChallenge(serversInReach(RED, this));
      }
      if (typeof named !== 'string') return 'challenge-unknown';
      const found = await findChallenge(serversInReach(RED, this), named);
      if (found !== 'challenge-unknown' || !names.deploy) return found;
      // The server's config node may be closed and not yet made again.
      await names.deployed(engine.clock);
      return findChallenge(serversInReach(RED, this), named);
    };

    const answer = async (msg: NodeMessageInFlow): Promise<Outcome> => {
      const { said, named } = await take(msg);
      setup.get();
      const text = asText(said, chooses ? method : code, chooses ? 'method' : 'code').trim();
      if (!chooses && text === '') throw new AuthError('code-missing', { property: code.value });
      const found = await find(named);
      if (typeof found === 'string') {
        // No server is known that could tell of it.
        const { id, type, name } = this;
        writeAudit(RED, { event: 'vg-auth.refused', id, type, ...(name ? { name } : {}), reason: found });
        return { state: 'refused', reason: found };
      }
      status.isPractice = found.tokenUrl === PRACTICE_VG_URL;
      status.busy('signing-in');
      return chooses ? found.choose(text) : found.submit(text);
    };

    onInput(
      RED,
      this,
      async (msg, send) => {
        await node.send(await answer(msg), msg, send);
      },
      (error) => setup.failed(error),
    );
  }

  RED.nodes.registerType('vg-mfa', VgMfaNode);
}

/**
 * A property that is empty because its variable is empty does not count as left empty in the dialog.
 *
 * @throws AuthError `AUTH_CONFIG`, naming the variable, if it has no value or an empty one
 */
function checkVariable(RED: NodeAPI, node: Node, property: string, value: string | undefined): void {
  // A node in a subflow stands in the flow file under the id of its template.
  const id = node._alias ?? node.id;
  const variable = variableIn(value) ?? (value === '' ? variableIn(nodeAsWritten(RED, id)?.[property]) : undefined);
  if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
}

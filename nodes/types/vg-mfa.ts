import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError } from '../../src/core/errors.ts';
import { PRACTICE_VG_URL } from '../../src/core/practice-defaults.ts';
import { type FoundChallenge, findChallenge, findOnlyStoredChallenge } from '../../src/visual-guard/challenge/find.ts';
import { oneTimeCodeOf } from '../../src/visual-guard/challenge/one-time-code.ts';
import type { Outcome } from '../../src/visual-guard/outcome.ts';
import { writeAudit } from '../shared/audit.ts';
import { configNodesByName } from '../shared/config/config-node-registry.ts';
import { NodeSetup } from '../shared/config/flow-node-config.ts';
import { definitionOf } from '../shared/config/running-flow.ts';
import { serversInReach } from '../shared/config/servers-in-reach.ts';
import { variableIn } from '../shared/config/variables.ts';
import { createNode } from '../shared/create-node.ts';
import { deleteProperty, deleteSecret } from '../shared/delete-property.ts';
import { choice, text } from '../shared/flow-node-properties.ts';
import { onInput } from '../shared/input.ts';
import { tokenProperty } from '../shared/msg-auth.ts';
import { engineOf } from '../shared/runtime.ts';
import { SignInNode } from '../shared/sign-in.ts';
import { StatusLine } from '../shared/status.ts';
import { asText, readTyped, type Typed } from '../shared/values.ts';

const PROPERTIES = {
  action: choice('submit', 'choose'),
  code: text(),
  codeType: choice('msg', 'flow', 'global'),
  method: text('payload'),
  methodType: choice('msg', 'str'),
  // An empty one means the stored user's challenge, so an invalid one must not become empty.
  challenge: text('auth.challenge.id'),
  challengeType: choice('msg', 'flow', 'global'),
  property: text(),
};

/** The values of a message, unchanged: the code or the method, and the ID of the challenge. */
interface Found {
  response: unknown;
  challengeId: unknown;
}

/** The node `submit MFA code`: chooses a method, or sends a code. Outputs: signed in, MFA, refused. */
export default function (RED: NodeAPI): void {
  const engine = engineOf(RED);
  const names = configNodesByName(RED);

  function VgMfaNode(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const status = new StatusLine(RED, this, engine.clock);
    const setup = new NodeSetup(status, config, PROPERTIES, (properties) => {
      checkVariable(RED, this, 'challenge', properties.challenge);
      return { property: tokenProperty(properties) };
    });
    const { properties } = setup;
    const chooses = properties.action === 'choose';
    const code: Typed = { value: properties.code || 'payload', type: properties.codeType };
    const method: Typed = { value: properties.method, type: properties.methodType };
    const challenge: Typed = { value: properties.challenge, type: properties.challengeType };
    const property = setup.value?.property ?? 'token';
    const node = new SignInNode(RED, this, status, property);

    /** Reads the message, and removes the code from it, before anything else can fail. */
    const take = async (msg: NodeMessageInFlow): Promise<Found> => {
      const found: Found = {
        response: await readTyped(RED, this, chooses ? method : code, msg),
        challengeId: challenge.value === '' ? undefined : await readTyped(RED, this, challenge, msg),
      };
      if (!chooses && code.type === 'msg') deleteSecret(RED, msg, code.value);
      deleteProperty(RED, msg, property);
      return found;
    };

    /**
     * Finds the challenge that the message names, at a server that this node can use. If the node's own field is empty,
     * it is the open challenge of a stored user: a message without an ID must not reach another user's challenge.
     */
    const find = async (id: unknown): Promise<FoundChallenge> => {
      if (challenge.value === '') {
        // During a deploy, a server with another such challenge can be missing.
        if (names.deploy) await names.deployed(engine.clock);
        return findOnlyStoredChallenge(serversInReach(RED, this));
      }
      if (typeof id !== 'string') return 'challenge-unknown';
      const found = await findChallenge(serversInReach(RED, this), id);
      if (found !== 'challenge-unknown' || !names.deploy) return found;
      // The server's config node may be closed and not yet created again.
      await names.deployed(engine.clock);
      return findChallenge(serversInReach(RED, this), id);
    };

    const answer = async (msg: NodeMessageInFlow): Promise<Outcome> => {
      const { response, challengeId } = await take(msg);
      setup.get();
      const written = asText(response, chooses ? method : code, chooses ? 'method' : 'code').trim();
      const value = chooses ? written : oneTimeCodeOf(written);
      if (!chooses && value === '') throw new AuthError('code-missing', { property: code.value });
      const found = await find(challengeId);
      if (typeof found === 'string') {
        // No config node can write this line, because none has this challenge.
        const { id, type, name } = this;
        writeAudit(RED, { event: 'vg-auth.refused', id, type, ...(name ? { name } : {}), reason: found });
        return { state: 'refused', reason: found };
      }
      status.isPractice = found.tokenUrl === PRACTICE_VG_URL;
      status.busy('signing-in');
      return chooses ? found.choose(value) : found.submit(value);
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
 * Looks for an environment variable without a value. A property that is empty because its variable is empty does not
 * count as left empty in the dialog.
 *
 * @throws AuthError `AUTH_CONFIG`, with the name of the variable, if it has no value or an empty one
 */
function checkVariable(RED: NodeAPI, node: Node, property: string, value: string): void {
  const variable = variableIn(value) ?? (value === '' ? variableIn(definitionOf(RED, node)[property]) : undefined);
  if (variable !== undefined) throw new AuthError('variable-missing', { property, variable });
}

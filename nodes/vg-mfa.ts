import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { AuthError, asAuthError } from '../src/errors.ts';
import { PRACTICE_VG_URL } from '../src/practice/server.ts';
import type { Challenge } from '../src/visual-guard/challenge/challenge.ts';
import type { Outcome } from '../src/visual-guard/outcome.ts';
import { writeAudit } from './shared/audit.ts';
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

  function VgMfaNode(this: Node, config: VgMfaConfig): void {
    RED.nodes.createNode(this, config);
    const status = new StatusLine(RED, this, engine.system);
    const chooses = config.action === 'choose';
    const code: Typed = { value: config.code || 'payload', type: config.codeType || 'msg' };
    const method: Typed = { value: config.method ?? 'payload', type: config.methodType || 'msg' };
    const challenge: Typed = { value: config.challenge ?? 'auth.challenge.id', type: config.challengeType || 'msg' };
    let property = 'token';
    let problem: AuthError | undefined;
    try {
      property = tokenProperty(config);
    } catch (thrown) {
      problem = asAuthError(thrown);
      status.misconfigured(problem);
    }
    const node = new SignInNode(RED, this, status, property);

    /** What the message brings is read, and the code taken off it, before anything else can go wrong. */
    const take = async (msg: NodeMessageInFlow): Promise<{ said: unknown; named: unknown }> => {
      const said = await readTyped(RED, this, chooses ? method : code, msg);
      const named = challenge.value === '' ? undefined : await readTyped(RED, this, challenge, msg);
      if (!chooses && code.type === 'msg') deleteSecret(RED, msg, code.value);
      deleteProperty(RED, msg, property);
      return { said, named };
    };

    /** The challenge that the message names; where it names none, the only one that is open. A store may be asked for it. */
    const findChallenge = async (named: unknown): Promise<Challenge | 'challenge-expired' | 'challenge-unknown'> => {
      if (named === undefined || named === null || named === '') return engine.challenges.only() ?? 'challenge-unknown';
      return typeof named === 'string' ? engine.findChallenge(named) : 'challenge-unknown';
    };

    const answer = async (msg: NodeMessageInFlow): Promise<Outcome> => {
      const { said, named } = await take(msg);
      if (problem) throw problem;
      const text = asText(said, chooses ? method : code, chooses ? 'method' : 'code').trim();
      if (!chooses && text === '') throw new AuthError('code-missing', { property: code.value });
      const found = await findChallenge(named);
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
      (error) => status.failed(error),
    );
  }

  RED.nodes.registerType('vg-mfa', VgMfaNode);
}

import { randomId } from '../core/clock.ts';
import type { Outcome as EngineOutcome, OpenChallenge } from '../visual-guard/outcome.ts';
import type { VisualGuardServer } from '../visual-guard/server.ts';
import type { Session as EngineSession } from '../visual-guard/session/session.ts';
import { readServer } from '../visual-guard/settings.ts';
import { keeperOf, publish } from './keeper.ts';
import { libraryEngine, openTransport, ProgramFields } from './open.ts';
import { codeOf, credentialsOf, optionsOf, sendable, textOf } from './program-values.ts';
import type { VisualGuardSettings } from './settings.ts';
import type { Challenge, Outcome, Session, VisualGuard } from './types.ts';

/**
 * Opens a VG Identity Server. Nothing is sent before somebody signs in.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function createVisualGuard(settings: VisualGuardSettings): VisualGuard {
  const engine = libraryEngine();
  const read = readServer(new ProgramFields(settings));
  const { transport, practice } = openTransport(settings, new URL(read.tokenUrl));
  const held = engine.holdServer(read, transport, randomId());
  const server = held.value;
  return {
    get counts() {
      return { ...server.metrics.counts };
    },
    signIn: async (credentials, options) =>
      outcomeOf(server, await server.signIn(credentialsOf(credentials, server.wire.passwordless), optionsOf(options))),
    signInStored: async (options) => {
      sendable({ user: read.username, password: read.password }, server.wire.passwordless, 'username');
      return outcomeOf(server, await server.signInStored(optionsOf(options)));
    },
    findSession: async (handle) => {
      const session = await server.sessionWith(handle);
      return session && sessionOf(server, session);
    },
    close: () => {
      held.giveBack();
      practice?.giveBack();
      engine.sweep();
    },
  };
}

/** The outcome as a program gets it: with the program's forms of token, session and challenge. */
function outcomeOf(server: VisualGuardServer, outcome: EngineOutcome): Outcome {
  if (outcome.state === 'refused') return outcome;
  if (outcome.state === 'signed-in') {
    const { session, token } = outcome;
    const { login } = session;
    return {
      state: 'signed-in',
      user: session.user,
      session: sessionOf(server, session),
      token: publish(token),
      warnings: [...(login?.warnings ?? []), ...(token.missingScope.length > 0 ? (['scope-missing'] as const) : [])],
      // A copy, because a program must not change what most sessions of a server share.
      ...(login ? { status: structuredClone(login.status) } : {}),
    };
  }
  const { state, challenge, reason, retryAt, link } = outcome;
  const clicked = link?.later.then((later) => later && outcomeOf(server, later));
  // An error that the program does not wait for must not end the process.
  clicked?.catch(() => undefined);
  return {
    state,
    user: challenge.user,
    challenge: challengeOf(server, challenge),
    ...(reason ? { reason } : {}),
    ...(retryAt ? { retryAt } : {}),
    ...(clicked ? { clicked } : {}),
  };
}

function sessionOf(server: VisualGuardServer, session: EngineSession): Session {
  return {
    ...keeperOf(session),
    handle: session.handle,
    user: session.user,
    get ended() {
      return session.ended;
    },
    signOut: () => server.signOut(session, session.user),
  };
}

function challengeOf(server: VisualGuardServer, challenge: OpenChallenge): Challenge {
  return {
    id: challenge.id,
    user: challenge.user,
    get expiresAt() {
      return challenge.expiresAt;
    },
    get attempts() {
      return challenge.attempts;
    },
    get method() {
      return challenge.method?.id;
    },
    get methods() {
      // Without the server's ids.
      return challenge.methods.map(({ id, kind, transport, destination, label }) => ({
        id,
        kind,
        transport,
        destination,
        label,
      }));
    },
    choose: async (method) => outcomeOf(server, await challenge.choose(textOf(method, 'method'))),
    submit: async (code) => outcomeOf(server, await challenge.submit(codeOf(code))),
  };
}

import { randomId } from '../core/clock.ts';
import type { VisualGuardStatus } from '../visual-guard/dialect/reply.ts';
import type { Outcome as EngineOutcome, OpenChallenge } from '../visual-guard/outcome.ts';
import type { VisualGuardServer } from '../visual-guard/server.ts';
import type { Session as EngineSession } from '../visual-guard/session/session.ts';
import { readServer } from '../visual-guard/settings.ts';
import { keeperOf, publish } from './keeper.ts';
import { libraryEngine, openWay, ProgramFields } from './open.ts';
import type { VisualGuardSettings } from './settings.ts';
import type { Challenge, Outcome, Session, Status, VisualGuard } from './types.ts';

/**
 * Opens a VG Identity Server. Nothing is sent before somebody signs in.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function createVisualGuard(settings: VisualGuardSettings): VisualGuard {
  const engine = libraryEngine();
  const { settings: read, address } = readServer(new ProgramFields(settings));
  const { transport, practice } = openWay(settings, address);
  const held = engine.holdServer(read, transport, randomId());
  const server = held.value;
  return {
    counts: server.metrics.counts,
    signIn: async ({ user, password = '' }, { method = 'ask', reset = false } = {}) =>
      outcomeOf(server, await server.signIn({ user, password }, { method, reset })),
    signInStored: async ({ method = 'ask', reset = false } = {}) =>
      outcomeOf(server, await server.signInStored({ method, reset })),
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

function outcomeOf(server: VisualGuardServer, outcome: EngineOutcome): Outcome {
  const status = 'status' in outcome && outcome.status ? { status: copyOf(outcome.status) } : {};
  if (outcome.state === 'refused') {
    const { state, reason, user, error, errorDescription, retryAt, enrollmentUrl } = outcome;
    return {
      state,
      reason,
      ...(user ? { user } : {}),
      ...(error ? { error } : {}),
      ...(errorDescription ? { errorDescription } : {}),
      ...(retryAt ? { retryAt } : {}),
      ...(enrollmentUrl ? { enrollmentUrl } : {}),
      ...status,
    };
  }
  if (outcome.state === 'signed-in') {
    const { session, token } = outcome;
    const { login } = session;
    return {
      state: 'signed-in',
      user: session.user,
      session: sessionOf(server, session),
      token: publish(token),
      warnings: [...(login?.warnings ?? []), ...(token.missingScope.length > 0 ? (['scope-missing'] as const) : [])],
      ...(login ? { status: copyOf(login.status) } : {}),
    };
  }
  const { state, challenge, reason, retryAt, link } = outcome;
  const clicked = link?.later.then((later) => later && outcomeOf(server, later));
  // Whoever chose may not wait for it.
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
      // Without the server's own ids.
      return challenge.methods.map(({ id, kind, transport, destination, label }) => ({
        id,
        kind,
        transport,
        destination,
        label,
      }));
    },
    choose: async (way) => outcomeOf(server, await challenge.choose(way)),
    submit: async (code) => outcomeOf(server, await challenge.submit(code)),
  };
}

/** A copy: most sessions of a server share one status. */
function copyOf({ authentication, authorization }: VisualGuardStatus): Status {
  return {
    authentication: { value: authentication.value, names: [...authentication.names] },
    authorization: { value: authorization.value, names: [...authorization.names] },
  };
}

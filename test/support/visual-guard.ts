import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import type { VisualGuardSettings } from '../../src/visual-guard/dialect/wire.ts';
import type { Challenged, OpenChallenge, Outcome, Refused, SignedIn } from '../../src/visual-guard/outcome.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { FakeSystem } from './fake-system.ts';
import { ScriptedTransport, type Step } from './scripted-transport.ts';

export const SETTINGS: VisualGuardSettings = {
  tokenUrl: 'https://id.example.org/connect/token',
  clientId: 'app_Native',
  clientSecret: 'client-secret',
  scope: 'openid offline_access',
  module: 'VGUser',
  mfaCredentials: 'none',
  username: 'robot',
  password: 'robot-password',
};

/** The fields that every `VGAuthenticator` request with these settings has. */
export const COMMON = {
  client_id: 'app_Native',
  client_secret: 'client-secret',
  scope: 'openid offline_access',
  grant_type: 'VGAuthenticator',
  VGAuthenticationModule: 'VGUser',
};

export const ANNA = { user: 'anna', password: 'anna-password' };
export const ASK = { method: 'ask', reset: false };

/** An engine with one Visual Guard server behind a script. */
export interface Stage {
  system: FakeSystem;
  engine: Engine;
  transport: ScriptedTransport;
  server: VisualGuardServer;
}

export function stage(settings: Partial<VisualGuardSettings> = {}, ...script: Step[]): Stage {
  const system = new FakeSystem();
  const engine = new Engine(100, system);
  const transport = new ScriptedTransport(system, ...script);
  const server = engine.holdServer({ ...SETTINGS, ...settings }, transport, '').value;
  return { system, engine, transport, server };
}

/** Signs a person in up to the challenge that the script's next step returns. */
export async function challengeOf({ server }: Stage, person = ANNA): Promise<OpenChallenge> {
  return isChallenged(await server.signIn(person, ASK), 'mfa-required').challenge;
}

export function isSignedIn(outcome: Outcome | undefined): SignedIn {
  assert.equal(outcome?.state, 'signed-in');
  return outcome as SignedIn;
}

export function isChallenged(outcome: Outcome | undefined, state: Challenged['state'], reason?: string): Challenged {
  assert.deepEqual({ state: outcome?.state, reason: (outcome as Challenged).reason }, { state, reason });
  return outcome as Challenged;
}

export function isRefused(outcome: Outcome | undefined, reason: string): Refused {
  assert.deepEqual({ state: outcome?.state, reason: (outcome as Refused).reason }, { state: 'refused', reason });
  return outcome as Refused;
}

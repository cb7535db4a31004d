import type { FailedCheck } from '../../../src/core/failed-check.ts';
import type { ApiCheck } from '../../../src/oauth/api-check.ts';
import type { FoundEndpoint } from '../../../src/oauth/endpoint-search.ts';
import type { AccountCheck } from '../../../src/vgs/check.ts';
import type { ServerCheck, UserCheck } from '../../../src/visual-guard/check.ts';
import type { TestSentences } from './test-sentences.ts';

/** A step of a test. `status` is the HTTP status of the API. */
export interface TestStep {
  step: 'settings' | 'token' | 'api';
  state: 'ok' | 'failed' | 'skipped';
  message: string;
  status?: number;
}

/** The fields of each reply of a test, besides those that only the dialog reads. */
export interface TestSummary {
  /** The result as a word. For a connection it is that of the token. */
  state: string;
  /** The result as one sentence. */
  message: string;
  steps: TestStep[];
}

/** The token step of a test, and its call of an API. */
interface TokenResult {
  state: string;
  token: TestStep;
  api?: ApiCheck | undefined;
}

/** The steps of a test that stopped at the settings. @param reason the message */
export function stoppedSteps(sentences: TestSentences, reason: string, hasApi: boolean): TestStep[] {
  const skipped = (step: 'token' | 'api'): TestStep => {
    const key = step === 'token' ? 'test.skipped.token' : 'test.skipped.api';
    return { step, state: 'skipped', message: sentences.say(key) };
  };
  return [
    { step: 'settings', state: 'failed', message: reason },
    skipped('token'),
    ...(hasApi ? [skipped('api')] : []),
  ];
}

/** The summary of the test of an account. @param hasApi whether `testUrl` is set */
export function summarizeAccount(sentences: TestSentences, check: AccountCheck, hasApi: boolean): TestSummary {
  return summarize(sentences, accountToken(sentences, check), hasApi);
}

/** The summary of the test of a Visual Guard server. @param hasApi whether `testUrl` is set */
export function summarizeServer(sentences: TestSentences, check: ServerCheck, hasApi: boolean): TestSummary {
  return summarize(sentences, serverToken(sentences, check), hasApi);
}

/** A summary that also says that the practice server was used because of `vgAuthPractice` in settings.js. */
export function withPracticeForAll(sentences: TestSentences, { state, message, steps }: TestSummary): TestSummary {
  const notice = sentences.say('test.practice-for-all');
  const [settings, ...others] = steps;
  return {
    state,
    message: `${message} ${notice}`,
    steps: settings ? [{ ...settings, message: `${settings.message} ${notice}` }, ...others] : steps,
  };
}

function summarize(sentences: TestSentences, { state, token, api }: TokenResult, hasApi: boolean): TestSummary {
  const steps: TestStep[] = [{ step: 'settings', state: 'ok', message: sentences.say('test.settings-ok') }, token];
  if (hasApi) steps.push(apiStep(sentences, api));
  const failed = steps.find((step) => step.state === 'failed');
  const newest = steps.findLast((step) => step.state === 'ok' && step.step !== 'settings');
  return { state, message: (failed ?? newest ?? token).message, steps };
}

function apiStep(sentences: TestSentences, api: ApiCheck | undefined): TestStep {
  if (!api) return { step: 'api', state: 'skipped', message: sentences.say('test.skipped.api') };
  if (api.state === 'failed') return { step: 'api', state: 'failed', message: sentences.failed(api) };
  const { host, status } = api;
  const isOk = api.state === 'ok';
  const key = isOk ? (host === 'practice' ? 'test.api-practice' : 'test.api-ok') : 'test.api-refused';
  return { step: 'api', state: isOk ? 'ok' : 'failed', message: sentences.say(key, { host, status }), status };
}

function tokenStep(state: TestStep['state'], message: string): TestStep {
  return { step: 'token', state, message };
}

function accountToken(sentences: TestSentences, check: AccountCheck): TokenResult {
  const { state } = check;
  if (state === 'failed') return failedToken(sentences, check);
  if (state === 'refused') return { state, token: tokenStep('failed', sentences.refused('account', check)) };
  return { state, token: tokenStep('ok', sentences.say('test.signed-in', { host: check.host })), api: check.api };
}

function failedToken(sentences: TestSentences, check: FailedCheck & Partial<FoundEndpoint>): TokenResult {
  const message = [sentences.failed(check), endpointOf(sentences, check)].filter((text) => text !== '').join(' ');
  return { state: 'failed', token: tokenStep('failed', message) };
}

function endpointOf(sentences: TestSentences, { tokenEndpoint, isIssuer }: Partial<FoundEndpoint>): string {
  if (tokenEndpoint === undefined) return '';
  return sentences.say(isIssuer ? 'test.endpoint-of-issuer' : 'test.endpoint-found', { endpoint: tokenEndpoint });
}

function serverToken(sentences: TestSentences, check: ServerCheck): TokenResult {
  if (check.state === 'failed') return failedToken(sentences, check);
  const { client, person } = check;
  if (client.state === 'refused') {
    return { state: 'refused', token: tokenStep('failed', sentences.refused('client', client)) };
  }
  if (person && person.state !== 'not-tried') return personToken(sentences, person);
  if (client.state === 'failed') return failedToken(sentences, client);
  // Without a user there is no token.
  const message = `${sentences.say('test.client-known')} ${sentences.say('test.person-not-wished')}`;
  return { state: 'reached', token: tokenStep('skipped', message) };
}

function personToken(sentences: TestSentences, person: Exclude<UserCheck, { state: 'not-tried' }>): TokenResult {
  const { state } = person;
  if (state === 'failed') return failedToken(sentences, person);
  if (state === 'refused') return { state, token: tokenStep('failed', sentences.refused('person', person)) };
  if (state === 'signed-in') {
    return { state, token: tokenStep('ok', sentences.say('test.person-signed-in')), api: person.api };
  }
  const ways = person.ways.map((way) => sentences.say(`test.way.${way}`)).join(', ');
  return { state: 'mfa-required', token: tokenStep('failed', sentences.say('test.challenged', { ways: ways || '-' })) };
}

import sinon from 'sinon';
import type { Practice } from '../../src/practice/practice.ts';
import { type Received, serve } from './servers.ts';

/** Records the requests to the practice server: a server between the nodes and it, until the test is over. */
export async function recordPractice(practice: Practice): Promise<Received[]> {
  const origin = await practice.start();
  const recorder = await serve(async ({ method, path, headers, text }) => {
    const { authorization } = headers;
    const response = await fetch(origin + path, {
      method,
      headers: {
        'content-type': headers['content-type'] ?? '',
        ...(authorization ? { authorization } : {}),
      },
      ...(method === 'GET' ? {} : { body: text }),
    });
    return {
      status: response.status,
      headers: { 'content-type': response.headers.get('content-type') ?? '' },
      body: await response.text(),
    };
  });
  sinon.stub(practice, 'start').resolves(recorder.origin);
  return recorder.requests;
}

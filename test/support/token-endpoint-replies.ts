import { ReplyObject } from '../../src/http/reply-object.ts';
import { echoesOf, type FormRequest } from '../../src/http/transport.ts';
import { readScope } from '../../src/oauth/granted-token.ts';
import { type RequestContext, readTokenResponse } from '../../src/oauth/token-endpoint.ts';
import { asReply, json, type ScriptedReply } from './scripted-transport.ts';

/** The client secret of `REQUEST`. */
export const SECRET = 'S3cret-value';
export const REQUEST: FormRequest = { url: 'https://auth.example.org/token', form: { client_secret: SECRET } };

/** Reads a reply of a token endpoint to `REQUEST`, or to another request. */
export function read(reply: ScriptedReply, request = REQUEST, asking: Partial<RequestContext> = {}) {
  const isForUser = request.form.grant_type !== 'client_credentials';
  const whole = { host: 'auth.example.org', isForUser, mayQuote: true, ...asking };
  return readTokenResponse(asReply(reply, request), whole);
}

/** The scopes of a reply to `REQUEST`. */
export function scopes(scope: unknown, asked: readonly string[] = []) {
  return readScope(ReplyObject.of({ scope }, echoesOf(REQUEST)), asked, false);
}

/** An error of RFC 6749 section 5.2. */
export const oauth = (status: number, error: string, description?: string): ScriptedReply =>
  json(status, { error, ...(description ? { error_description: description } : {}) });

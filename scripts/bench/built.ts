import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Loads without a loader: the code that users run, in the same copy that Node-RED loads. */
export const requireBuilt = createRequire(fileURLToPath(import.meta.url));

/** The built engine. */
export const { Engine } = requireBuilt('../../src/engine/engine.js') as typeof import('../../src/engine/engine.ts');
export const { HttpTransport, echoesOf } = requireBuilt(
  '../../src/http/transport.js',
) as typeof import('../../src/http/transport.ts');
export const { ReplyObject } = requireBuilt(
  '../../src/http/reply-object.js',
) as typeof import('../../src/http/reply-object.ts');
export const { grantedToken } = requireBuilt(
  '../../src/oauth/granted-token.js',
) as typeof import('../../src/oauth/granted-token.ts');
export const { readTokenResponse } = requireBuilt(
  '../../src/oauth/token-endpoint.js',
) as typeof import('../../src/oauth/token-endpoint.ts');
export const { readVisualGuardReply } = requireBuilt(
  '../../src/visual-guard/dialect/reply.js',
) as typeof import('../../src/visual-guard/dialect/reply.ts');
export const { SecretTrace } = requireBuilt('../../src/http/echoes.js') as typeof import('../../src/http/echoes.ts');
export const { VgsAccount } = requireBuilt('../../src/vgs/account.js') as typeof import('../../src/vgs/account.ts');
export const { TokenSource } = requireBuilt(
  '../../src/oauth/token-source.js',
) as typeof import('../../src/oauth/token-source.ts');
export const { createToken, toMessageToken } = requireBuilt(
  '../../src/oauth/token.js',
) as typeof import('../../src/oauth/token.ts');
export const { requestHeaders } = requireBuilt(
  '../../nodes/shared/bearer/request-headers.js',
) as typeof import('../../nodes/shared/bearer/request-headers.ts');
export const { mark, remember } = requireBuilt(
  '../../nodes/shared/bearer/retry-mark.js',
) as typeof import('../../nodes/shared/bearer/retry-mark.ts');
export const { systemClock } = requireBuilt('../../src/core/clock.js') as typeof import('../../src/core/clock.ts');

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Loads without any loader: what it gives is what users run, and the same copy that Node-RED loads. */
export const requireBuilt = createRequire(fileURLToPath(import.meta.url));

/** The built engine. */
export const { Engine } = requireBuilt('../../src/engine.js') as typeof import('../../src/engine.ts');
export const { HttpTransport, echoesOf } = requireBuilt(
  '../../src/transport/transport.js',
) as typeof import('../../src/transport/transport.ts');
export const { ReplyObject } = requireBuilt(
  '../../src/transport/reply-object.js',
) as typeof import('../../src/transport/reply-object.ts');
export const { readAnswer, readScope } = requireBuilt(
  '../../src/token-endpoint.js',
) as typeof import('../../src/token-endpoint.ts');
export const { readVisualGuardReply } = requireBuilt(
  '../../src/visual-guard/dialect/reply.js',
) as typeof import('../../src/visual-guard/dialect/reply.ts');
export const { SecretTrace } = requireBuilt('../../src/echoes.js') as typeof import('../../src/echoes.ts');
export const { VgsAccount } = requireBuilt('../../src/vgs/account.js') as typeof import('../../src/vgs/account.ts');
export const { TokenSource } = requireBuilt('../../src/token-source.js') as typeof import('../../src/token-source.ts');
export const { createToken, lifetimeOf, toMessageToken } = requireBuilt(
  '../../src/token.js',
) as typeof import('../../src/token.ts');
export const { requestHeaders } = requireBuilt(
  '../../nodes/shared/bearer/request-headers.js',
) as typeof import('../../nodes/shared/bearer/request-headers.ts');
export const { mark, remember } = requireBuilt(
  '../../nodes/shared/bearer/attempt.js',
) as typeof import('../../nodes/shared/bearer/attempt.ts');
export const { system } = requireBuilt('../../src/system.js') as typeof import('../../src/system.ts');

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BodyError, readBody } from '../../nodes/shared/dialog/request-body.ts';
import { readServiceAccountFile } from '../../src/vgs/service-account-file.ts';
import { fuzzed } from '../support/fuzzed.ts';
import { CANARY, hostileBody, hostileFile, ROUTES } from '../support/hostile-input.ts';

describe('random hostile input', () => {
  it('is read as a service account file, or refused with a text that repeats nothing of it', function () {
    this.timeout(900_000);
    fc.assert(
      fc.property(hostileFile, (text) => {
        const read = readServiceAccountFile(text);
        if (read.state === 'unreadable') assert.ok(!JSON.stringify(read).includes(CANARY), JSON.stringify(read));
      }),
      fuzzed(0.1),
    );
  });

  for (const [route, { texts, flags, addresses }] of Object.entries(ROUTES)) {
    const kinds = Object.fromEntries([
      ...[...texts, ...addresses, 'id'].map((field) => [field, 'text'] as const),
      ...flags.map((field) => [field, 'flag'] as const),
    ]);

    it(`is read as the body of ${route}, or refused`, function () {
      this.timeout(900_000);
      fc.assert(
        fc.property(hostileBody(route, ['https://id.example.org']), (body) => {
          try {
            for (const [field, value] of Object.entries(readBody(body, kinds)))
              assert.equal(typeof value, kinds[field] === 'text' ? 'string' : 'boolean');
          } catch (thrown) {
            assert.ok(thrown instanceof BodyError, String(thrown));
          }
        }),
        fuzzed(0.1),
      );
    });
  }
});

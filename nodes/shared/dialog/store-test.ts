import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import type { FailedCheck } from '../../../src/core/failed-check.ts';
import { checkStore, type StoreCheck } from '../../../src/store/check.ts';
import { referenceIn, STORE_SECRETS } from '../config/secret-owner.ts';
import { contextKindOf, meansOf, readStore } from '../config/store-settings.ts';
import { testDialog, type Values } from './dialog-test.ts';
import type { TestSentences } from './test-sentences.ts';
import type { TestSummary } from './test-steps.ts';

/**
 * Tests the store of a dialog, before a deploy, or the deployed one. A stored secret is used only for the place for which it
 * was stored.
 *
 * @param values the body of the request. Their types are checked
 * @returns the reply, without a secret
 */
export function testStore(RED: NodeAPI, clock: Clock, values: Values): Promise<object> {
  return testDialog(
    RED,
    {
      type: 'auth-store',
      read: (fields) => ({ settings: readStore(fields), tls: referenceIn(fields.written('tls')) }),
      secrets: STORE_SECRETS,
      isLocal: ({ settings }) => settings.kind === 'context',
      check: async ({ settings, tls }, user, node) => {
        const { means } = meansOf(RED, user, node ?? anyNode(RED), settings, tls);
        const kept = settings.kind === 'context' ? contextKindOf(RED.settings, settings.context) : {};
        return { kind: settings.kind, ...kept, ...(await checkStore(settings, means, clock)) };
      },
      summarize: summarizeStore,
    },
    values,
  );
}

/** The message about a store that works. */
const WORKS = '@vg-auth/node-red-vg-auth/auth-store:test.works';

function summarizeStore(sentences: TestSentences, check: StoreCheck | FailedCheck): TestSummary {
  const message =
    check.state === 'failed' ? sentences.failed(check) : sentences.say(WORKS, { host: check.host, took: check.took });
  return {
    state: check.state,
    message,
    steps: [{ step: 'settings', state: 'ok', message: sentences.say('test.settings-ok') }],
  };
}

/** A running node. The test uses its context if the `auth-store` is not deployed yet. */
function anyNode(RED: NodeAPI): Node | null {
  let found: Node | null = null;
  RED.nodes.eachNode(({ id }) => {
    found ??= RED.nodes.getNode(id) ?? null;
  });
  return found;
}

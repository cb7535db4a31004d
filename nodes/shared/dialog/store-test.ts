import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../../src/core/clock.ts';
import { checkStore } from '../../../src/store/check.ts';
import { STORE_SECRETS } from '../config/secret-owner.ts';
import { contextKindOf, meansOf, readStore } from '../config/store-settings.ts';
import { idIn, testDialog, type Values } from './dialog-test.ts';

/**
 * Tests the store that stands in a dialog, before a deploy. A stored secret is used only for the place that it was stored for.
 *
 * @param values the dialog's values, checked for their types
 * @returns the verdict for the dialog: no secret is in it
 */
export function testStore(RED: NodeAPI, clock: Clock, values: Values): Promise<object> {
  return testDialog(
    RED,
    {
      type: 'auth-store',
      read: readStore,
      secrets: STORE_SECRETS,
      isLocal: ({ kind }) => kind === 'context',
      check: async (settings, node) => {
        const { means } = meansOf(RED, node ?? anyNode(RED), settings, idIn(values.tls));
        const kept = settings.kind === 'context' ? contextKindOf(RED.settings, settings.context) : {};
        return { kind: settings.kind, ...kept, ...(await checkStore(settings, means, clock)) };
      },
    },
    values,
  );
}

/** A node that runs, whose context a test may borrow before its own node is deployed. */
function anyNode(RED: NodeAPI): Node | null {
  let found: Node | null = null;
  RED.nodes.eachNode(({ id }) => {
    found ??= RED.nodes.getNode(id) ?? null;
  });
  return found;
}

import type { NodeAPI } from 'node-red';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Transport } from '../../../src/http/transport.ts';
import { connectTo } from '../config/route.ts';
import type { SecretRule } from '../config/secret-owner.ts';
import { idIn, testDialog, type Values } from './dialog-test.ts';

/** How a kind of config node that holds a connection is read and tested. */
export interface ConnectionTest<S> {
  type: string;
  secrets: readonly SecretRule[];
  read(fields: SettingsReader): { settings: S; address: URL };
  check(settings: S, transport: Transport): Promise<object>;
}

/**
 * Tests the connection that stands in a dialog, before a deploy. A stored secret is used only for the host and the client,
 * and a password only for the user, that it was stored for.
 *
 * @param values the dialog's values, checked for their types
 * @returns the verdict for the dialog: neither a token nor a secret is in it
 */
export function testConnection<S>(
  RED: NodeAPI,
  engine: Engine,
  { type, secrets, read, check }: ConnectionTest<S>,
  values: Values,
): Promise<object> {
  return testDialog(
    RED,
    {
      type,
      read: (fields) => ({ ...read(fields), practice: fields.flag('practice') }),
      secrets,
      isLocal: ({ practice }) => practice,
      check: async ({ settings, address, practice }) => {
        const { tls, proxy } = values;
        const way = connectTo(RED, engine, { practice, tls: idIn(tls), proxy: idIn(proxy) }, address);
        try {
          return { practice, ...(await check(settings, way.transport)) };
        } finally {
          way.transport.close();
          way.practice?.giveBack();
        }
      },
    },
    values,
  );
}

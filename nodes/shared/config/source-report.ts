import type { NodeAPI } from 'node-red';
import { asAuthError } from '../../../src/core/errors.ts';
import type { ClientSettings, SettingsSource } from '../../../src/core/settings-source.ts';
import type { ClientRotation } from '../../../src/oauth/client-rotation.ts';
import { afterStart } from '../after-start.ts';
import { sentenceOf } from '../catalogue.ts';
import type { StatusLine } from '../status.ts';
import type { ConnectionNode } from './connection-node.ts';

/**
 * Reports the source of the settings of a config node: the status shows whether the next client credentials are used, and
 * one line in the log at the start reports a file or `vgAuthSecret` without a value.
 */
export function reportSource<S extends ClientSettings>(
  RED: NodeAPI,
  node: ConnectionNode<unknown>,
  status: StatusLine,
  rotation: ClientRotation<S>,
): void {
  const show = (): void => {
    status.usesNext = rotation.usesNext;
  };
  node.on('close', rotation.changes.add(show));
  show();
  reportSettings(RED, node, status, rotation.settings, show);
}

/** Reports a file or `vgAuthSecret` without a value, with one line in the log at the start, and in the status. */
export function reportSettings(
  RED: NodeAPI,
  node: ConnectionNode<unknown>,
  status: StatusLine,
  settings: Pick<SettingsSource<object>, 'ask'>,
  known: () => void = () => undefined,
): void {
  afterStart(RED, node, () => {
    const asked = settings.ask();
    if (!(asked instanceof Promise)) return;
    asked.then(known, (thrown) => {
      const error = asAuthError(thrown);
      status.failed(error);
      node.error(sentenceOf(RED, error));
    });
  });
}

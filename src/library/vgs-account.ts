import { randomId } from '../core/clock.ts';
import { readAccount } from '../vgs/settings.ts';
import { keeperOf } from './keeper.ts';
import { libraryEngine, openTransport, ProgramFields } from './open.ts';
import type { VgsAccountSettings } from './settings.ts';
import type { VgsAccount } from './types.ts';

/**
 * Opens a VGS service account. Nothing is sent before a token is asked for.
 *
 * @throws AuthError `AUTH_CONFIG`, naming what is missing or wrong
 */
export function createVgsAccount(settings: VgsAccountSettings): VgsAccount {
  const engine = libraryEngine();
  const read = readAccount(new ProgramFields(settings));
  const { transport, practice } = openTransport(settings, new URL(read.tokenUrl));
  const held = engine.holdAccount(read, transport, randomId());
  let isOpen = true;
  return {
    ...keeperOf(held.value, () => isOpen),
    get counts() {
      return { ...held.value.metrics.counts };
    },
    close: () => {
      isOpen = false;
      held.giveBack();
      practice?.giveBack();
      engine.sweep();
    },
  };
}

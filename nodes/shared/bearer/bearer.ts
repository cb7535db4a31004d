import type { HiddenHeader } from '../../../src/core/redaction.ts';
import type { Auth } from '../msg-auth.ts';

/** A token as `attach-bearer` puts it into the header. */
export interface Bearer {
  hiddenHeader: HiddenHeader;
  /** `Bearer …` */
  header: string;
  generation: number;
}

/** A header, or why there is none. */
export type BearerResult = { bearer: Bearer; needed?: never } | { needed: Auth; bearer?: never };

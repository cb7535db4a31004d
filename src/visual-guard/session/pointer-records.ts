import type { Token } from '../../oauth/token.ts';
import { contentOf, type SharedRecord } from '../../store/coordinator.ts';
import type { Pointer } from '../../store/id-record.ts';
import { ENDED_TTL, type Session } from './session.ts';

const DAY = 24 * 3_600_000;

/** Whether two tokens were obtained on the same day (UTC). Records that point to a session are written again once a day. */
export function isOfSameDay(one: Token, other: Token): boolean {
  return Math.floor(one.obtainedAt / DAY) === Math.floor(other.obtainedAt / DAY);
}

/** Writes a record that points to the session again, so that it is kept as long. One that points to another session stays as it is. */
export async function writeAgain(record: SharedRecord<Pointer>, { handle }: Pick<Session, 'handle'>): Promise<void> {
  const found = await record.read().catch(() => undefined);
  if (contentOf(found)?.id === handle) await record.write({ id: handle });
}

/**
 * Notes that a record has ended, if it has this content. Another one stays unchanged. Never throws.
 *
 * @param isOver whether the found content has ended
 */
export async function endIf<T extends object>(record: SharedRecord<T>, isOver: (content: T) => boolean): Promise<void> {
  const content = contentOf(await record.read().catch(() => undefined));
  if (content && isOver(content)) await record.end(ENDED_TTL);
}

/**
 * Writes a record that points to a session again, although it has ended: the end of an earlier session may arrive after the
 * record was written for this one. If the session has ended, the record stays as it is. Never throws.
 *
 * @param content the content of the record
 * @param session the record of the session
 */
export async function pointAgain<T extends object>(
  record: SharedRecord<T>,
  content: T,
  session: SharedRecord<object>,
): Promise<void> {
  const found = contentOf(await session.read().catch(() => undefined));
  if (found) await record.write(content);
}

import type { NodeAPI } from 'node-red';
import type { Reason } from '../../../src/core/reasons.ts';
import type { AccountNews, AccountStates, Trouble } from '../../../src/oauth/account-state.ts';
import { harmless } from '../audit.ts';
import { sentenceOf, textOf } from '../catalogue.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import type { StatusLine } from '../status.ts';
import { type Change, ChangeLog } from './change-log.ts';
import { nextStepAfter } from './next-step.ts';

/**
 * Reports when an account is refused, needs a human, fails, or works again.
 *
 * @param user the stored user of a server; undefined for a service account, and if none is stored
 */
export function reportAccount(
  RED: NodeAPI,
  node: ConnectionNode<unknown>,
  status: StatusLine,
  { states, user }: { states: AccountStates; user?: (() => string | undefined) | undefined },
): void {
  ChangeLog.hold(RED, states, { node, status }, (log) => {
    states.news.add((news) => report(RED, log, news, user?.()));
    states.changes.add(() => {
      if (!states.trouble) log.end();
    });
  });
}

function report(RED: NodeAPI, log: ChangeLog, news: AccountNews, user: string | undefined): void {
  const who = user ? { user } : {};
  if (news.event === 'recovered') {
    log.recovered({ event: 'vg-auth.recovered', ...who }, (time) => log.text('log.recovered', { time }));
    return;
  }
  const { trouble } = news;
  log.trouble({ ...changeOf(trouble), ...who }, () => sentenceOfTrouble(RED, trouble));
}

function changeOf(trouble: Trouble): Change {
  if (trouble.at === 'failing') return { event: 'vg-auth.failing', code: trouble.error.code };
  return { event: `vg-auth.${trouble.at}`, ...(trouble.reason ? { reason: trouble.reason } : {}) };
}

/** The message about a trouble: the fault, its cause, and the next step. */
export function sentenceOfTrouble(RED: NodeAPI, trouble: Trouble): string {
  const text = (key: string, values: Record<string, string> = {}): string => textOf(RED, key, values);
  if (trouble.at === 'failing') return text('log.failing', { message: sentenceOf(RED, trouble.error) });
  const { reason } = trouble;
  const whyOf = (known: Reason): string => {
    const words = trouble.at === 'refused' ? harmless(trouble.errorDescription ?? '') : '';
    const prefix = text(`reasons.${known}`);
    return words ? text('punctuation.prefix', { prefix, text: words }) : prefix;
  };
  const why = reason ? text('punctuation.parentheses', { text: '', detail: whyOf(reason) }) : '';
  return text(`log.${trouble.at}`, { why, next: text(`next.${nextStepAfter(reason)}`) });
}

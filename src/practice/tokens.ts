import { LRUCache } from 'lru-cache';
import { type Clock, randomId } from '../core/clock.ts';

/** A token that the practice server gave out. */
export interface PracticeGrant {
  owner: string;
  system: 'vgs' | 'vg';
  scope: string;
  expiresAt: number;
}

/**
 * What the practice server gave out, so that its API knows it again. A token says itself what it is good for, so that
 * one from before a restart is still known: a session that was kept can be tried. It protects nothing, so it needs no seal.
 */
export class PracticeTokens {
  /** Tells the tokens of this process from those of an earlier one: of the former all are known here. */
  readonly #run = randomId();
  readonly #access = new LRUCache<string, PracticeGrant>({ max: 10_000 });
  readonly #refresh = new LRUCache<string, { owner: string; scope: string }>({ max: 10_000 });
  /** Used or revoked. */
  readonly #ended = new LRUCache<string, true>({ max: 10_000 });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param life in s */
  grant(system: 'vgs' | 'vg', owner: string, scope: string, life: number): string {
    const granted = { owner, system, scope, expiresAt: this.#clock.now() + life * 1000 };
    const token = this.#write(system, granted);
    this.#access.set(token, granted);
    return token;
  }

  /** @returns what the token is good for; undefined where it is not, or not any more */
  check(token: string): PracticeGrant | undefined {
    const grant = this.#access.get(token) ?? this.#earlier(token);
    return grant && this.#clock.now() < grant.expiresAt ? grant : undefined;
  }

  revoke(token: string): void {
    this.#access.delete(token);
    this.#refresh.delete(token);
    this.#ended.set(token, true);
  }

  revokeAll(): void {
    this.#access.clear();
  }

  grantRefresh(owner: string, scope: string): string {
    const token = this.#write('refresh', { owner, scope });
    this.#refresh.set(token, { owner, scope });
    return token;
  }

  /** A refresh token is used once. */
  useRefresh(token: string): { owner: string; scope: string } | undefined {
    const found = this.#refresh.get(token) ?? this.#earlier(token);
    this.#refresh.delete(token);
    this.#ended.set(token, true);
    return found;
  }

  #write(kind: PracticeGrant['system'] | 'refresh', granted: object): string {
    const text = JSON.stringify({ ...granted, kind, run: this.#run });
    return `practice-${kind}-0${randomId()}.${Buffer.from(text).toString('base64url')}`;
  }

  /** What a token of an earlier process says. It can be ended here as any other. */
  #earlier(token: string): PracticeGrant | undefined {
    const [, kind, data] = /^practice-(vgs|vg|refresh)-[\w-]+\.([\w-]+)$/.exec(token) ?? [];
    if (data === undefined || this.#ended.has(token)) return undefined;
    try {
      const said = JSON.parse(Buffer.from(data, 'base64url').toString('utf8')) as PracticeGrant &
        Record<string, unknown>;
      const { owner, system, scope, expiresAt = 0 } = said;
      return said.run === this.#run || said.kind !== kind ? undefined : { owner, system, scope, expiresAt };
    } catch {
      return undefined;
    }
  }
}

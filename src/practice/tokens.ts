import { LRUCache } from 'lru-cache';
import { type Clock, randomId } from '../core/clock.ts';

/** What a token of the practice server grants. */
export interface PracticeGrant {
  owner: string;
  system: 'vgs' | 'vg';
  scope: string;
  expiresAt: number;
}

/**
 * The tokens of the practice server, so that its API accepts them again. A token contains its own rights, so that
 * one from before a restart is still accepted: a stored session can be tested. It protects nothing, so it needs no signature.
 */
export class PracticeTokens {
  /** Distinguishes the tokens of this process from those of an earlier one. All of this process are in memory. */
  readonly #run = randomId();
  readonly #access = new LRUCache<string, PracticeGrant>({ max: 10_000 });
  readonly #refresh = new LRUCache<string, { owner: string; scope: string }>({ max: 10_000 });
  /** Used or revoked. */
  readonly #ended = new LRUCache<string, true>({ max: 10_000 });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param life s */
  grant(system: 'vgs' | 'vg', owner: string, scope: string, life: number): string {
    const granted = { owner, system, scope, expiresAt: this.#clock.now() + life * 1000 };
    const token = this.#write(system, granted);
    this.#access.set(token, granted);
    return token;
  }

  /** @returns what the token grants; undefined if it is invalid, expired or revoked */
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

  /** Uses a refresh token, which is then invalid. */
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

  /** Reads a token of an earlier process, which can be revoked like any other. */
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

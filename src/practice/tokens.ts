import { LRUCache } from 'lru-cache';
import { randomId, type System } from '../system.ts';

/** A token that the practice server gave out. */
export interface PracticeGrant {
  owner: string;
  system: 'vgs' | 'vg';
  scope: string;
  expiresAt: number;
}

/** What the practice server gave out, so that its API knows it again. */
export class PracticeTokens {
  readonly #access = new LRUCache<string, PracticeGrant>({ max: 10_000 });
  readonly #refresh = new LRUCache<string, { owner: string; scope: string }>({ max: 10_000 });
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** @param life in s */
  grant(system: 'vgs' | 'vg', owner: string, scope: string, life: number): string {
    const token = `practice-${system}-${randomId()}`;
    this.#access.set(token, { owner, system, scope, expiresAt: this.#system.now() + life * 1000 });
    return token;
  }

  /** @returns what the token is good for; undefined where it is not, or not any more */
  check(token: string): PracticeGrant | undefined {
    const grant = this.#access.get(token);
    return grant && this.#system.now() < grant.expiresAt ? grant : undefined;
  }

  revoke(token: string): void {
    this.#access.delete(token);
    this.#refresh.delete(token);
  }

  revokeAll(): void {
    this.#access.clear();
  }

  grantRefresh(owner: string, scope: string): string {
    const token = `practice-refresh-${randomId()}`;
    this.#refresh.set(token, { owner, scope });
    return token;
  }

  /** A refresh token is used once. */
  useRefresh(token: string): { owner: string; scope: string } | undefined {
    const found = this.#refresh.get(token);
    this.#refresh.delete(token);
    return found;
  }
}

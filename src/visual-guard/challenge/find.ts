import { LONGEST_TEXT } from '../../core/text-length.ts';
import type { Coordinator } from '../../store/coordinator.ts';
import type { OpenChallenge } from '../outcome.ts';

/** A challenge, or why there is none. */
export type FoundChallenge = OpenChallenge | 'challenge-expired' | 'challenge-unknown';

/** A server that may have a challenge. */
export interface ChallengeFinder {
  readonly coordinator: Coordinator;
  /** The digest of its connection. */
  readonly connection: string;
  /** @returns the challenge in the memory of this process, or why there is none */
  knownChallenge(id: string): FoundChallenge;
  /**
   * Looks for it in the store.
   *
   * @param isOthers called if it belongs to another connection, with the digest of that one
   */
  storedChallenge(
    id: string,
    isOthers?: (connection: string) => void,
  ): Promise<OpenChallenge | 'challenge-expired' | undefined>;
  /** The open challenge of its stored user, at whichever replica it began. */
  challengeOfStoredUser(): Promise<OpenChallenge | undefined>;
}

/**
 * Finds the challenge with this id, if it belongs to one of these servers. An id does not have its server.
 * Each store is asked once, and only if no server has it in memory.
 *
 * @throws AuthError `AUTH_STORE` if it is not found and a store does not answer
 */
export async function findChallenge(servers: readonly ChallengeFinder[], id: string): Promise<FoundChallenge> {
  if (id.length > LONGEST_TEXT) return 'challenge-unknown';
  let isExpired = false;
  for (const server of servers) {
    const known = server.knownChallenge(id);
    if (typeof known === 'object') return known;
    isExpired ||= known === 'challenge-expired';
  }
  return isExpired ? 'challenge-expired' : ((await findInStores(servers, id)) ?? 'challenge-unknown');
}

async function findInStores(
  servers: readonly ChallengeFinder[],
  id: string,
): Promise<OpenChallenge | 'challenge-expired' | undefined> {
  let failure: unknown;
  for (const coordinator of new Set(servers.map((server) => server.coordinator))) {
    const sharing = servers.filter((server) => server.coordinator === coordinator);
    try {
      let owner: string | undefined;
      const found = await sharing[0]?.storedChallenge(id, (connection) => {
        owner = connection;
      });
      const other = owner === undefined ? undefined : sharing.find(({ connection }) => connection === owner);
      const challenge = found ?? (await other?.storedChallenge(id));
      if (challenge) return challenge;
    } catch (thrown) {
      failure = thrown;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

/**
 * Finds the open challenge of a stored user of these servers, if there is exactly one.
 *
 * @throws AuthError `AUTH_STORE` if a store does not answer, because there may be another one in it
 */
export async function findOnlyStoredChallenge(servers: readonly ChallengeFinder[]): Promise<FoundChallenge> {
  const found = await Promise.all(servers.map((server) => server.challengeOfStoredUser()));
  // Two connections to one server find the same challenge.
  const open = new Map(found.flatMap((challenge) => (challenge ? [[challenge.id, challenge] as const] : [])));
  const [only] = open.values();
  return only && open.size === 1 ? only : 'challenge-unknown';
}

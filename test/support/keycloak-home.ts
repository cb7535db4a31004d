import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { buildKeycloak } from './keycloak-process.ts';

/** The Keycloak that the tests run if `KEYCLOAK_HOME` names no other. */
const VERSION = '26.7.3';

/** git ignores it. */
const CACHE = path.join(PROJECT, '.cache', 'keycloak');

/**
 * A Keycloak that is ready to start: the one in `KEYCLOAK_HOME`, otherwise one that Maven fetches (177 MB). It is kept in
 * `.cache/keycloak`, with the result of its first start, which takes half of the time of a start. The one in
 * `KEYCLOAK_HOME` is copied there, because a start writes into its folder.
 *
 * @param java the home of the Java to build it with
 * @returns its folder
 * @throws Error if there is none, or if it cannot be built
 */
export async function keycloakHome(java: string): Promise<string> {
  const own = process.env.KEYCLOAK_HOME;
  const home = path.join(CACHE, own ? nameOf(own) : VERSION);
  if (existsSync(home)) return home;
  const fresh = path.join(CACHE, `new-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  try {
    const unpacked = own ? copy(own, path.join(fresh, 'copy')) : fetchDistribution(fresh);
    await buildKeycloak(unpacked, java);
    renameSync(unpacked, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return home;
}

/** A name for the copy of a Keycloak, which changes when another version is put into its folder. */
function nameOf(own: string): string {
  const libraries = path.join(own, 'lib', 'lib', 'main');
  if (!existsSync(libraries)) throw new Error(`There is no Keycloak in ${own}, which KEYCLOAK_HOME names.`);
  const content = `${realpathSync(own)} ${statSync(libraries).mtimeMs}`;
  return `own-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Copies all of it except its data. */
function copy(from: string, to: string): string {
  const data = path.join(from, 'data');
  cpSync(from, to, { recursive: true, filter: (source) => source !== data });
  return to;
}

function fetchDistribution(folder: string): string {
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
  console.log(`Maven fetches Keycloak ${VERSION} (177 MB).`);
  const { error, status, stdout } = spawnSync(
    'mvn',
    ['--quiet', '--batch-mode', 'dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', timeout: 600_000 },
  );
  if (error || status !== 0) {
    throw new Error(
      `Maven could not fetch Keycloak${error ? ` (${error.message})` : ''}. ${stdout ?? ''}` +
        'Install Maven (Debian: apt-get install maven), or name the folder of a Keycloak 26 in KEYCLOAK_HOME.',
    );
  }
  // Maven leaves a folder of its own beside it.
  const name = readdirSync(folder).find((each) => each.startsWith('keycloak-')) ?? '';
  return path.join(folder, name);
}

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The oldest Java that Keycloak 26.7 supports. */
export const OLDEST_JAVA = 21;

/** A Java that is installed on this machine. */
interface Java {
  home: string;
  /** The feature release, for example 21. */
  version: number;
}

/**
 * The home of a Java that Keycloak supports: the one in `JAVA_HOME` if it is new enough, otherwise the newest one that is
 * installed.
 *
 * @param environment variables: `JAVA_HOME` and `PATH` are read
 * @param folders have one Java in each subfolder
 * @throws Error that says what to install
 */
export function findJava(environment: NodeJS.ProcessEnv = process.env, folders: readonly string[] = FOLDERS): string {
  const { JAVA_HOME = '', PATH = '' } = environment;
  const preferred = JAVA_HOME === '' ? undefined : javaAt(JAVA_HOME);
  if (preferred && preferred.version >= OLDEST_JAVA) return preferred.home;
  const installed = [...folders.flatMap(childrenOf), ...PATH.split(path.delimiter).map(homeOfCommand)]
    .flatMap((home) => [home, path.join(home, 'Contents', 'Home')])
    .flatMap((home) => javaAt(home) ?? [])
    .sort((a, b) => b.version - a.version);
  const [newest] = installed;
  if (newest && newest.version >= OLDEST_JAVA) return newest.home;
  const found = newest ? `the newest Java that was found is ${newest.version}, in ${newest.home}` : 'none was found';
  throw new Error(
    `Keycloak needs Java ${OLDEST_JAVA} or later, and ${found}. ` +
      `Install a JDK of ${OLDEST_JAVA} or later, for example Temurin or Debian's openjdk-${OLDEST_JAVA}-jdk-headless, ` +
      'or name the folder of one in JAVA_HOME.',
  );
}

/** Folders of Debian, Fedora and Temurin; of macOS; of SDKMAN and of JetBrains. */
const FOLDERS = [
  '/usr/lib/jvm',
  '/opt',
  '/Library/Java/JavaVirtualMachines',
  path.join(homedir(), '.sdkman/candidates/java'),
  path.join(homedir(), '.jdks'),
];

function childrenOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

/** The home of the Java whose `java` is in this folder of the PATH, which may be a link; this folder if there is none. */
function homeOfCommand(folder: string): string {
  const command = path.join(folder, 'java');
  return existsSync(command) ? path.dirname(path.dirname(realpathSync(command))) : folder;
}

/** The Java in this folder. Each JDK has a file `release` with its version. */
function javaAt(home: string): Java | undefined {
  const release = path.join(home, 'release');
  if (!existsSync(release) || !existsSync(path.join(home, 'bin', 'java'))) return undefined;
  const version = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1];
  return version === undefined ? undefined : { home, version: Number(version) };
}

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './node-red.ts';

/** Licences that ask for no more than to be named: what an Apache-2.0 package may depend on without a second thought. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

interface Locked {
  version?: string;
  dev?: boolean;
  /** In the lock, and asked for by nothing. */
  extraneous?: boolean;
}

/** @returns each package that an install brings, and whose licence is not on the list or not known */
export function licenceFaults(): string[] {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const shipped = Object.entries(packages).filter(([path, { dev, extraneous }]) => path !== '' && !dev && !extraneous);
  const faults = shipped
    .map(([path, { version }]) => ({ path, version, license: licenceOf(path) }))
    .filter(({ license }) => !LICENCES.includes(license))
    .map(({ path, version, license }) => `${path} ${version} has the licence ${license || '(none)'}`);
  if (shipped.length === 0) faults.push('package-lock.json has no package that an install would bring');
  console.log(`${shipped.length} packages come with an install`);
  const told = /\| an install brings \| (\d+) packages/.exec(readFileSync(join(PROJECT, 'README.md'), 'utf8'))?.[1];
  if (told !== String(shipped.length)) faults.push(`the README says that ${told} packages come with an install`);
  return faults;
}

/** What the package itself says, as it is installed here. */
function licenceOf(path: string): string {
  const { license } = JSON.parse(readFileSync(join(PROJECT, path, 'package.json'), 'utf8')) as { license?: unknown };
  return typeof license === 'string' ? license : '';
}

interface Audit {
  vulnerabilities?: Record<string, { severity: string; via: unknown[] }>;
}

/**
 * Asks the registry for known weaknesses of what an install brings. A registry that does not answer is no fault of the
 * package, and is said.
 */
export function auditFaults(): string[] {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: PROJECT, encoding: 'utf8' });
  let audit: Audit = {};
  try {
    audit = JSON.parse(stdout) as Audit;
  } catch {
    // No answer is told below.
  }
  if (!audit.vulnerabilities) {
    console.log('npm audit got no answer from the registry: known weaknesses were not looked up.');
    return [];
  }
  return Object.entries(audit.vulnerabilities).map(([name, { severity }]) => `npm audit: ${name}, ${severity}`);
}

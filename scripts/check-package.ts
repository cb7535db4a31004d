/**
 * The last step of `npm run check:package`: the published files, known weaknesses of the dependencies, the checks of the
 * flow library, and that the project names no place that it was made in. The licenses and the exports are checked before,
 * by commands of their own (`check:licenses`, `check:exports`).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flowLibraryFaults } from './flow-library.ts';
import { PROJECT } from './node-red.ts';

const faults: string[] = [];

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: PROJECT, encoding: 'utf8' }),
) as {
  files: { path: string }[];
  size: number;
}[];
const files = packed?.files.map(({ path }) => path) ?? [];
const WANTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
  /^examples\/[^/]+\.json$/,
  /^src\/.+\.js$/,
  /^src\/(index|core\/(errors|reasons)|oauth\/counts|library\/[\w-]+)\.d\.ts$/,
  /^resources\/[^/]+\.js$/,
  /^nodes\/.+\.(js|html|json|svg)$/,
];
for (const file of files) if (!WANTED.some((wanted) => wanted.test(file))) faults.push(`${file} would be published`);

const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
  dependencies: Record<string, string>;
};
for (const [name, file] of Object.entries({ ...manifest['node-red'].nodes, ...manifest['node-red'].plugins })) {
  const base = file.replace(/\.js$/, '');
  const needed = [file, `${base}.html`, `nodes/locales/en-US/${name}.json`];
  if (name in manifest['node-red'].nodes) needed.push(`nodes/locales/en-US/${name}.html`);
  for (const path of needed) if (!files.includes(path)) faults.push(`${path} is missing from the package`);
}
// The editor waits for every script that an HTML file names, so one that is missing would keep it from opening at all.
for (const page of files.filter((file) => file.endsWith('.html'))) {
  const html = readFileSync(join(PROJECT, page), 'utf8');
  for (const [, script = ''] of html.matchAll(/<script src="resources\/@vg-auth\/node-red-vg-auth\/([^"]+)"/g)) {
    if (!files.includes(`resources/${script}`)) faults.push(`${page} names ${script}, which is not in the package`);
  }
}
if (Object.keys(manifest.dependencies).length > 6)
  faults.push('more than six dependencies: the flow library does not take them');

const lock = readFileSync(join(PROJECT, 'package-lock.json'), 'utf8');
if (/"resolved"/.test(lock)) faults.push('package-lock.json names the address of a registry');

const tracked = execFileSync('git', ['ls-files'], { cwd: PROJECT, encoding: 'utf8' }).trim().split('\n');
for (const file of tracked) {
  if (file === 'scripts/check-package.ts') continue;
  const text = readFileSync(join(PROJECT, file), 'utf8');
  const place =
    /(?<![\w.])\/(?:work|home|root|Users)\/\w+|\.\.\/shared\/(?:design|wire|fixtures|tools|seeds)|\b(?:design|wire)\.md\b|registry\.npmjs\.org/.exec(
      text,
    );
  if (place) faults.push(`${file} names a place: ${place[0]}`);
}

const isFlowNode = (file: string): boolean =>
  !readFileSync(join(PROJECT, file.replace(/\.js$/, '.html')), 'utf8').includes("category: 'config'");
const flowNodes = Object.entries(manifest['node-red'].nodes).filter(([, file]) => isFlowNode(file));
faults.push(...installFaults(), ...auditFaults(), ...flowLibraryFaults(flowNodes.map(([type]) => type)));

for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${Math.round((packed?.size ?? 0) / 1024)} KiB packed, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

/** The README tells how many packages an install brings. */
function installFaults(): string[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: boolean; extraneous?: boolean }> };
  const shipped = Object.entries(packages).filter(([path, { dev, extraneous }]) => path !== '' && !dev && !extraneous);
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const stated = /\| an install brings \| (\d+) packages/.exec(readme)?.[1];
  return stated === String(shipped.length)
    ? []
    : [`an install brings ${shipped.length} packages; the README: ${stated}`];
}

/**
 * Asks the registry for known weaknesses of what an install brings.
 *
 * @returns one line for each; none if the registry does not answer, which is printed
 */
function auditFaults(): string[] {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: PROJECT, encoding: 'utf8' });
  const { vulnerabilities } = parse(stdout) as { vulnerabilities?: Record<string, { severity: string }> };
  if (vulnerabilities)
    return Object.entries(vulnerabilities).map(([name, { severity }]) => `npm audit: ${name}, ${severity}`);
  console.log('npm audit got no answer from the registry: known weaknesses were not looked up.');
  return [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/**
 * The last step of `npm run check:package`: the published files, known vulnerabilities of the dependencies, the checks of
 * the flow library, and that no file names the machine that it was made on. The licenses and the exports are checked
 * before, by their own commands (`check:licenses`, `check:exports`).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flowLibraryFaults } from './flow-library.ts';
import { PROJECT } from './project.ts';

/** In bytes. See `sizeFaults`. */
const MOST_WITHOUT_TRANSLATIONS = 1_300_000;

const faults: string[] = [];

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: PROJECT, encoding: 'utf8' }),
) as {
  files: { path: string; size: number }[];
  size: number;
  unpackedSize: number;
}[];
const files = packed?.files.map(({ path }) => path) ?? [];
const WANTED = [
  /^(package\.json|README\.md|LICENSE)$/,
  /^examples\/[^/]+\.json$/,
  /^src\/.+\.js$/,
  /^src\/(index|core\/(errors|faults|reasons|redaction)|oauth\/(counts|oauth-error)|visual-guard\/outcome-data|library\/[\w-]+)\.d\.ts$/,
  /^resources\/[^/]+\.(js|css)$/,
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
// The editor waits for every script that an HTML file names. If one were missing, the editor would not open.
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
faults.push(
  ...sizeFaults(),
  ...installFaults(),
  ...auditFaults(),
  ...flowLibraryFaults(flowNodes.map(([type]) => type)),
);

for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${Math.round((packed?.size ?? 0) / 1024)} KiB packed, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

/**
 * The size of the package on a disk, without the catalogs of the languages other than English: these are about 100 KB each,
 * and each user needs only one of them.
 */
function sizeFaults(): string[] {
  const own = (packed?.files ?? []).filter(({ path }) => !/^nodes\/locales\/(?!en-US\/)/.test(path));
  const size = own.reduce((sum, file) => sum + file.size, 0);
  console.log(`${kilobytes(packed?.unpackedSize ?? 0)} unpacked, ${kilobytes(size)} of it without the translations`);
  return size > MOST_WITHOUT_TRANSLATIONS ? [`too large: ${kilobytes(size)} without the translations`] : [];
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} KB`;
}

/** docs/comparison.md says how many packages an install brings. */
function installFaults(): string[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: boolean; extraneous?: boolean }> };
  const shipped = Object.entries(packages).filter(([path, { dev, extraneous }]) => path !== '' && !dev && !extraneous);
  const page = readFileSync(join(PROJECT, 'docs/comparison.md'), 'utf8');
  const stated = /\| an install brings \| (\d+) packages/.exec(page)?.[1];
  return stated === String(shipped.length)
    ? []
    : [`an install brings ${shipped.length} packages; docs/comparison.md: ${stated}`];
}

/**
 * Asks the registry for known vulnerabilities of the packages that an install brings.
 *
 * @returns one line for each; none if the registry does not answer, which is printed
 */
function auditFaults(): string[] {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: PROJECT,
    encoding: 'utf8',
    timeout: 120_000,
  });
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

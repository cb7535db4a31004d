/**
 * `npm run check:package`: what goes to users, and nothing else; that it may go, by its licences and known weaknesses;
 * what the flow library says of it; that programs find the library and its types; and that the project names no place it was made in.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditFaults, licenceFaults } from './dependencies.ts';
import { exportFaults } from './exports.ts';
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
  /^src\/(index|counts|errors|reasons|library\/[\w-]+)\.d\.ts$/,
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
faults.push(
  ...(await exportFaults()),
  ...licenceFaults(),
  ...auditFaults(),
  ...flowLibraryFaults(flowNodes.map(([type]) => type)),
);

for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${Math.round((packed?.size ?? 0) / 1024)} KiB packed, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

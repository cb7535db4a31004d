import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/** The tool behind the scorecard of flows.nodered.org. It has not been released since 2023. */
const TOOL = 'node-red-dev@0.1.6';

/** Accepted faults. CONTRIBUTING.md has the reasons. */
const ACCEPTED = { check: 'D03', packages: ['lru-cache', 'undici'] };

interface Verdict {
  test: boolean;
  packages?: string[];
  nodes?: string[];
}

/**
 * Runs the flow library's own checks on what would be published.
 *
 * The tool is not a devDependency, because it brings more than 400 packages, some with known vulnerabilities. It is
 * installed in `.cache`.
 *
 * @param flowNodes the types that need an example
 * @returns the faults, one line each
 */
export function flowLibraryFaults(flowNodes: string[]): string[] {
  const tool = fetchTool();
  const folder = mkdtempSync(join(tmpdir(), 'vg-auth-flow-library-'));
  try {
    const name = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    execFileSync('tar', ['-xzf', name.trim()], { cwd: folder });
    const path = join(folder, 'package');
    const score = join(folder, 'score.json');
    const { status, stderr } = spawnSync(process.execPath, [tool, 'validate', '--path', path, '--output', score], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--require ${join(PROJECT, 'scripts/flow-library-catalogue.cjs')}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    });
    for (const line of stderr.split('\n')) if (/not reached|Warning/.test(line)) console.log(`node-red-dev: ${line}`);
    if (status !== 0 || !existsSync(score)) return [`node-red-dev ended with ${status}: ${stderr.trim()}`];
    return judge(JSON.parse(readFileSync(score, 'utf8')) as Record<string, Verdict>, flowNodes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(score: Record<string, Verdict>, flowNodes: string[]): string[] {
  const faults = Object.entries(score)
    .filter(([check, { test, packages }]) => {
      const isAccepted = check === ACCEPTED.check && packages?.join() === ACCEPTED.packages.join();
      return test === false && !isAccepted;
    })
    .map(([check, verdict]) => `node-red-dev: ${check} ${JSON.stringify(verdict)}`);
  // If node-red-dev cannot read a page, it finds no nodes there and reports no fault.
  const found = score.N02?.nodes ?? [];
  for (const type of flowNodes) if (!found.includes(type)) faults.push(`node-red-dev did not find the node ${type}`);
  return faults;
}

/** @returns the path of its program */
function fetchTool(): string {
  const folder = join(PROJECT, '.cache', TOOL);
  const program = join(folder, 'node_modules/node-red-dev/bin/run');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  execFileSync(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', TOOL],
    { cwd: folder, stdio: 'inherit', timeout: 600_000 },
  );
  return program;
}

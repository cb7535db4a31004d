import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { PROJECT } from './node-red.ts';

/** How a program may look for a module. The others do not know `exports`, or cannot load an ES module on an old Node.js. */
const RESOLUTIONS = ['node16-esm', 'bundler'];

/** @returns what publint and Are The Types Wrong say against the package as it would be published */
export async function exportFaults(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vg-auth-exports-'));
  try {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: PROJECT,
        encoding: 'utf8',
      }),
    ) as { filename: string }[];
    const tarball = readFileSync(join(folder, packed?.filename ?? ''));
    return [...(await publintFaults(tarball)), ...(await typeFaults(tarball))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function publintFaults(tarball: Buffer): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer } });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function typeFaults(tarball: Buffer): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (!result.types) return ['Are The Types Wrong: the package has no types'];
  return result.problems
    .filter((problem) => !('resolutionKind' in problem) || RESOLUTIONS.includes(problem.resolutionKind))
    .map((problem) => `Are The Types Wrong: ${problem.kind} ${'entrypoint' in problem ? problem.entrypoint : ''}`);
}

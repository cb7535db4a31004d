/**
 * `npm run test:matrix`: the runtime tests on every pair of Node.js and Node-RED that `npm test` does not cover here.
 * Two pairs run side by side. What a pair prints appears when it has finished.
 */
import { spawn } from 'node:child_process';
import { fetchNode } from './fetch-node.ts';
import { NODE_VERSIONS, type NodeRedVersion, PROJECT, runsOn } from './node-red.ts';

/** How many pairs run at the same time. */
const SIDE_BY_SIDE = 2;

interface Pair {
  version: NodeRedVersion;
  node: string;
}

const pairs: Pair[] = (Object.keys(NODE_VERSIONS) as NodeRedVersion[]).flatMap((version) =>
  NODE_VERSIONS[version]
    .filter((major) => !(runsOn(version, process.version) && process.version.startsWith(`v${major}.`)))
    .map((major) => ({ version, node: fetchNode(major) })),
);

const failed: string[] = [];
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runPairs));
if (failed.length > 0) console.error(`\nfailed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);

/** Runs one pair after another, until none is left. */
async function runPairs(): Promise<void> {
  for (let pair = pairs.shift(); pair; pair = pairs.shift()) await runPair(pair);
}

async function runPair({ version, node }: Pair): Promise<void> {
  const child = spawn(node, ['--import', 'tsx', 'scripts/test-runtime.ts', version], { cwd: PROJECT });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  process.stdout.write(Buffer.concat(output));
  if (status !== 0) failed.push(`${version} with ${node}`);
}

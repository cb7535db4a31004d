/**
 * `npm run test:runtime [-- node-red | node-red-5]`: the tests in a real Node-RED, once for each Node-RED that starts on
 * this Node.js, or for the one that is named.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { type NodeRedVersion, PROJECT, runsOn } from './node-red.ts';

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const known: NodeRedVersion[] = ['node-red', 'node-red-5'];
const [wanted] = process.argv.slice(2);
const versions = known.filter((version) => wanted === undefined || wanted === version);
if (versions.length === 0) {
  console.error(`There is no ${wanted} here, but ${known.join(' and ')}.`);
  process.exit(1);
}

for (const version of versions) {
  if (!runsOn(version, process.version)) {
    console.log(
      `\n${version} does not start on Node.js ${process.version}: npm run test:matrix runs it on another one.`,
    );
    continue;
  }
  console.log(`\n${version} on Node.js ${process.version}`);
  // One runtime per process: Node-RED's log and catalogues are singletons.
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', mocha, 'test/nodes/**/*.spec.ts', 'test/node-red/**/*.spec.ts'],
    {
      cwd: PROJECT,
      env: { ...process.env, NODE_RED: version },
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}

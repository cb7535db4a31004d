/**
 * `npm run test:keycloak`: the nodes with a real Keycloak, on Node-RED 4.1 and 5 side by side. Each has a Keycloak of its
 * own. It needs a JDK of 21 or later, and Maven or a Keycloak in KEYCLOAK_HOME.
 * With file names, `npm run test:keycloak -- test/keycloak/tls.spec.ts`: only those files.
 * With NODE_RED=node-red-5: only that version, and its output appears at once.
 */
import { findJava } from '../test/support/jdk.ts';
import { keycloakHome } from '../test/support/keycloak-home.ts';
import { fetchNode } from './fetch-node.ts';
import { MOCHA } from './mocha.ts';
import { runSideBySide } from './side-by-side.ts';
import { NODE_RED_VERSIONS, runsOn } from './versions.ts';

const files = process.argv.length > 2 ? process.argv.slice(2) : ['test/keycloak/**/*.spec.ts'];
const versions = NODE_RED_VERSIONS.filter((version) => version === (process.env.NODE_RED ?? version));
if (versions.length === 0) {
  console.error(`There is no ${process.env.NODE_RED} here, but ${NODE_RED_VERSIONS.join(' and ')}.`);
  process.exit(1);
}
try {
  const home = await keycloakHome(findJava());
  console.log(`${versions.join(' and ')} with the Keycloak in ${home}`);
} catch (failure) {
  console.error(failure instanceof Error ? failure.message : failure);
  process.exit(1);
}
process.exitCode = await runSideBySide(
  versions.map((version) => ({
    name: version,
    command: runsOn(version, process.version) ? process.execPath : fetchNode(22),
    args: ['--import', 'tsx', MOCHA, ...files],
    environment: { NODE_RED: version },
  })),
  2,
  // Less than what `npm run test:apart` gives to this process, which shows what they print.
  25,
);

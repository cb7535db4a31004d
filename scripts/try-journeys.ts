import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DebugMessage, linkProject, NodeRed } from '../test/support/node-red.ts';
import { PROJECT } from './project.ts';
import type { NodeRedVersion } from './versions.ts';

/** The journeys: the example, the first inject node of its flow, and the debug node at which it ends. */
export const JOURNEYS = [
  { name: 'Service token', example: '01', click: 'Call the API', result: 'API answered' },
  { name: 'Sign-in with a code', example: '02', click: 'Sign in', result: 'Signed in' },
  { name: 'Sign-in with a link', example: '03', click: 'Sign in', result: 'Signed in' },
  { name: 'Stay signed in', example: '04', click: 'Call the API', result: 'API answered' },
] as const;

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}

/**
 * Tries each journey once, in a Node-RED of its own that leaves nothing behind.
 *
 * @param end ends it
 * @returns a line about each journey
 */
export async function tryJourneys(version: NodeRedVersion, end: AbortSignal): Promise<string[]> {
  const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-journeys-'));
  let nodeRed: NodeRed | undefined;
  const stop = (): void => {
    void nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  };
  end.addEventListener('abort', stop);
  try {
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
    const flows = JOURNEYS.map(({ example }) => readExample(example));
    await nodeRed.deploy(flows.flat());
    const lines: string[] = [];
    for (const [index, journey] of JOURNEYS.entries()) lines.push(await run(nodeRed, journey, flows[index] ?? []));
    return lines;
  } catch (thrown) {
    return end.aborted ? [] : [`not tried: ${thrown}`];
  } finally {
    end.removeEventListener('abort', stop);
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  }
}

async function run(nodeRed: NodeRed, journey: (typeof JOURNEYS)[number], flow: FlowNode[]): Promise<string> {
  const inject = flow.find(({ type, name }) => type === 'inject' && name === journey.click);
  try {
    const said = await nodeRed.nextDebug(journey.result, () => nodeRed.inject(inject?.id ?? ''));
    return `${journey.name}: ${tell(said)}`;
  } catch (thrown) {
    return `${journey.name}: FAILED. ${thrown}`;
  }
}

/** One line about a debug message. */
function tell({ msg }: DebugMessage): string {
  const shown = JSON.parse(msg) as { signed_in_as?: string; state?: string; user?: string };
  if (shown.signed_in_as) return `the API knows the caller as "${shown.signed_in_as}"`;
  return `"${shown.user}" is ${shown.state}`;
}

/** @param number of the example, with two digits */
function readExample(number: string): FlowNode[] {
  const folder = join(PROJECT, 'examples');
  const file = readdirSync(folder).find((name) => name.startsWith(number)) ?? '';
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
}

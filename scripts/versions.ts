/** The two Node-RED versions in devDependencies: 4.1 and 5. */
export const NODE_RED_VERSIONS = ['node-red', 'node-red-5'] as const;

export type NodeRedVersion = (typeof NODE_RED_VERSIONS)[number];

/** The major versions of Node.js that each Node-RED is tested on. Node-RED 5 needs Node.js 22.9 or later. */
export const NODE_VERSIONS: Readonly<Record<NodeRedVersion, readonly number[]>> = {
  'node-red': [20, 22, 24],
  'node-red-5': [22, 24, 26],
};

/** Whether a Node-RED is tested on a Node.js. @param node as in `process.version` */
export function runsOn(version: NodeRedVersion, node: string): boolean {
  return NODE_VERSIONS[version].includes(Number(node.replace('v', '').split('.')[0]));
}

/** The folders of `test` with the tests in a real Node-RED: in one process, and in processes of its own. */
export const RUNTIME_TESTS = ['nodes', 'node-red'] as const;

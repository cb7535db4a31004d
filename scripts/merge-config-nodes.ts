interface FlowNode {
  id: string;
  z?: string;
}

/**
 * Merges global config nodes that differ in nothing but their id: each example has its own, so that importing two of
 * them does not stop at a conflict.
 *
 * @param flows the nodes of several flow files
 * @returns the nodes without the duplicates; a property that named a duplicate names the first one
 */
export function mergeConfigNodes<Node extends FlowNode>(flows: readonly Node[]): Node[] {
  const first = new Map<string, string>();
  const replacements = new Map<string, string>();
  for (const { id, ...content } of flows) {
    if (!isGlobalConfigNode(content)) continue;
    const key = JSON.stringify(Object.entries(content).sort(([one], [other]) => (one < other ? -1 : 1)));
    const known = first.get(key);
    if (known) replacements.set(id, known);
    else first.set(key, id);
  }
  const refer = (value: unknown): unknown => replacements.get(value as string) ?? value;
  return flows
    .filter(({ id }) => !replacements.has(id))
    .map((node) => ({
      ...node,
      ...Object.fromEntries(Object.entries(node).map(([name, value]) => [name, refer(value)])),
    }));
}

/** A config node has no place in a flow. A tab and a subflow have none either, and they are never merged. */
function isGlobalConfigNode(content: object): boolean {
  const { type, z } = content as { type?: string; z?: string };
  return !z && !('x' in content) && !['tab', 'subflow', 'group'].includes(type ?? '');
}

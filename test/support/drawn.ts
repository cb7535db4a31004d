import { isDrawn, labelOf, sizeOf } from './drawing.ts';
import type { Editor } from './editor.ts';
import type { ExampleNode } from './examples.ts';

/** The nodes of the flow in view that the editor does not draw as the tests of the drawings measure them, one line each. */
export async function unlikeMeasured(editor: Editor, nodes: readonly ExampleNode[]): Promise<string[]> {
  const found: string[] = [];
  for (const node of nodes.filter(isDrawn)) {
    const rectangle = editor.chart.locator(`[id="${node.id}"] rect.red-ui-flow-node`).first();
    const [width, height] = [await rectangle.getAttribute('width'), await rectangle.getAttribute('height')];
    const { w, h } = sizeOf(node);
    // A font of another width can make a node one step of the grid wider or narrower.
    if (Math.abs(Number(width) - w) > 20 || Number(height) !== h)
      found.push(`${labelOf(node)} is ${width} × ${height}`);
  }
  return found;
}

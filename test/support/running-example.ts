import assert from 'node:assert/strict';
import { type ExampleNode, readExample } from './examples.ts';
import type { NodeRed } from './node-red.ts';

/** An example that runs in a Node-RED. */
export class RunningExample {
  readonly #nodeRed: NodeRed;
  readonly #flow: readonly ExampleNode[];

  private constructor(nodeRed: NodeRed, flow: readonly ExampleNode[]) {
    this.#nodeRed = nodeRed;
    this.#flow = flow;
  }

  /**
   * Deploys an example.
   *
   * @param file its name, without the extension
   * @param change what is different from the file
   * @param more nodes that the file does not have
   */
  static async deploy(
    nodeRed: NodeRed,
    file: string,
    change: (node: ExampleNode) => void = () => {},
    more: ExampleNode[] = [],
  ): Promise<RunningExample> {
    const flow = readExample(`${file}.json`);
    for (const node of flow) change(node);
    for (const node of more) flow.push({ ...node, z: String(flow.find(({ type }) => type === 'tab')?.id) });
    await nodeRed.deploy(flow);
    return new RunningExample(nodeRed, flow);
  }

  /** Clicks the inject node with this name. */
  async click(name: string): Promise<void> {
    const inject = this.#flow.find((node) => node.type === 'inject' && node.name === name);
    assert.ok(inject, name);
    await this.#nodeRed.inject(inject.id);
  }

  /** Clicks an inject node. @returns what the debug node shows afterwards */
  async debug(name: string, inject: string): Promise<string> {
    return (await this.#nodeRed.nextDebug(name, () => this.click(inject))).msg;
  }
}

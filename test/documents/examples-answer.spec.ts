import assert from 'node:assert/strict';
import { answersHttp, EXAMPLE_FILES, type ExampleNode, readExample } from '../support/examples.ts';

/** Nodes that send no message. */
const ENDS = ['http response', 'debug'];

/** An example as a graph: which nodes receive the message of a node. */
class Graph {
  readonly nodes: readonly ExampleNode[];
  readonly #byId: Map<string, ExampleNode>;

  constructor(nodes: readonly ExampleNode[]) {
    this.nodes = nodes;
    this.#byId = new Map(nodes.map((node) => [node.id, node]));
  }

  /** The nodes at each output. */
  outputs(node: ExampleNode): ExampleNode[][] {
    const wires = node.type === 'link out' ? [node.links as string[]] : (node.wires ?? []);
    return wires.map((ids) => ids.map((id) => this.#byId.get(id)).filter((each) => each !== undefined));
  }

  /** All nodes that a message of these nodes can reach, themselves included. @param stop nodes at which the search ends */
  reach(from: readonly ExampleNode[], stop: (node: ExampleNode) => boolean = () => false): Set<ExampleNode> {
    const found = new Set(from);
    for (const node of found) if (!stop(node)) for (const next of this.outputs(node).flat()) found.add(next);
    return found;
  }

  answers(node: ExampleNode): boolean {
    return [...this.reach([node])].some(({ type }) => type === 'http response');
  }

  /** The Catch nodes that receive the errors of a node. */
  catches(node: ExampleNode): ExampleNode[] {
    const scoped = this.nodes.filter(
      ({ type, scope }) => type === 'catch' && (scope as string[] | null)?.includes(node.id),
    );
    const others = this.nodes.filter(({ type, scope }) => type === 'catch' && !scope);
    return scoped.length > 0 ? scoped : others;
  }

  /** All nodes that serve a request: those after `http in`, and those after the Catch nodes of these. */
  serving(): ExampleNode[] {
    const found = this.reach(this.nodes.filter(({ type }) => type === 'http in'));
    for (const node of found)
      for (const each of [...(canFail(node) ? this.catches(node) : []), ...this.outputs(node).flat()]) found.add(each);
    return [...found];
  }
}

/** Faults of an example: a request that gets no response, two responses, or a response with a token. */
function faultsOf(graph: Graph): string[] {
  const faults: string[] = [];
  for (const node of graph.serving()) {
    const name = `${node.type} "${node.name || node.url || ''}"`;
    if (ENDS.includes(node.type)) continue;
    const outputs = graph.outputs(node);
    if (outputs.length < Number(node.outputs ?? 1)) faults.push(`${name} has an output without wires`);
    outputs.forEach((targets, index) => {
      const answering = targets.filter((each) => graph.answers(each));
      if (answering.length !== 1) faults.push(`output ${index + 1} of ${name} answers ${answering.length} times`);
    });
    const rules = (node.rules ?? []) as { t: string }[];
    if (node.type === 'switch' && rules.at(-1)?.t !== 'else') faults.push(`${name} has no "otherwise"`);
    if (node.type === 'switch' && node.checkall !== 'false') faults.push(`${name} goes on after the first match`);
    if (canFail(node) && !graph.catches(node).some((each) => graph.answers(each)))
      faults.push(`no Catch node answers for ${name}`);
  }
  const attaching = graph.serving().filter(({ type }) => type === 'attach-bearer');
  const calling = graph.reach(attaching, dropsHeaders);
  const failing = [...calling].flatMap((each) => graph.catches(each));
  for (const node of graph.reach([...calling, ...failing], dropsHeaders))
    if (node.type === 'http response')
      faults.push(`http response "${node.name}" gets the headers of the API's request`);
  return faults;
}

/** A text without tags cannot fail. */
function canFail({ type, template }: ExampleNode): boolean {
  return !['http in', 'catch', ...ENDS].includes(type) && (type !== 'template' || String(template).includes('{{'));
}

/** A Change node that deletes `msg.headers`, or sets all of it. */
function dropsHeaders({ type, rules = [] }: ExampleNode): boolean {
  return type === 'change' && (rules as { t: string; p: string }[]).some(({ t, p }) => p === 'headers' && t !== 'move');
}

describe('An example that answers HTTP', () => {
  for (const file of EXAMPLE_FILES.filter((each) => answersHttp(readExample(each)))) {
    it(`answers each request once, also after any failure, and without the headers of its own requests: ${file}`, () => {
      const graph = new Graph(readExample(file));
      assert.deepEqual(faultsOf(graph), []);
      assert.ok(graph.nodes.some(({ type }) => type === 'http response'));
    });
  }

  it('is reported as faulty if a wire, a Catch node or the deletion is missing', () => {
    const file = '07 - Sign a person in from a web form.json';
    const changed = (change: (node: ExampleNode) => ExampleNode | undefined): string =>
      faultsOf(
        new Graph(
          readExample(file)
            .map(change)
            .filter((each) => each !== undefined),
        ),
      ).join('\n');
    assert.match(
      changed((node) => (node.type === 'catch' ? undefined : node)),
      /no Catch node answers for vg-login/,
    );
    assert.match(
      changed((node) => ({ ...node, ...(node.type === 'vg-mfa' ? { wires: [[], [], []] } : {}) })),
      /vg-mfa/,
    );
    assert.match(
      changed((node) => (dropsHeaders(node) ? { ...node, rules: [] } : node)),
      /gets the headers of the API's request/,
    );
  });
});

describe('An example with a Catch node', () => {
  for (const file of EXAMPLE_FILES) {
    const graph = new Graph(readExample(file));
    const requests = graph.nodes.filter((node) => node.type === 'http request' && graph.catches(node).length > 0);
    if (requests.length === 0) continue;
    it(`sends a failed request there only, and not to the output too: ${file}`, () => {
      for (const { name, senderr } of requests) assert.equal(senderr, true, name);
    });
  }
});

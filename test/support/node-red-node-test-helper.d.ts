/** The parts of the package that the tests use. It has no types of its own. */
declare module 'node-red-node-test-helper' {
  import type { Node, NodeAPI } from 'node-red';

  type Register = (RED: NodeAPI) => unknown;

  interface Post extends Promise<{ status: number; text: string }> {
    set(header: string, value: string): Post;
    send(body: string): Post;
  }

  const helper: {
    init(runtimePath: string): void;
    settings(settings?: object): object;
    load(nodes: Register[], flow: object[], credentials?: object): Promise<void>;
    setFlows(flow: object[], type: 'full' | 'flows' | 'nodes', credentials?: object): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node | null;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    log(): { args: unknown[][] };
    /** A supertest of the admin API. */
    request(): { post(path: string): Post };
  };
  export default helper;
}

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JSHandle, Page } from 'playwright-core';
import { DASHBOARD, fetchDashboard } from '../../scripts/fetch-dashboard.ts';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { PRACTICE_USERS } from '../../src/practice/users.ts';
import { openPage } from './browser.ts';
import { DASHBOARD_FLOW, type ExampleNode } from './examples.ts';
import { linkProject, NodeRed } from './node-red.ts';
import { becomes } from './steady.ts';

/** What the flow keeps for one client. */
export interface Kept {
  user?: string;
  challenge?: string;
  session?: string;
}

/** The part of Dashboard's socket that is used here. */
interface Socket {
  id: string;
  emit(...sent: readonly unknown[]): Socket;
  disconnect(): Socket;
}

interface VueRoot {
  __vue_app__: { _context: { provides: { $socket: Socket } } };
}

/** Switches animations off: a picture, or what axe-core sees, is the same each time. */
const STILL = '* { transition: none !important; animation: none !important; caret-color: transparent !important }';

/** Returns to the test what the flow keeps. `?silent` makes it look as if no page had said anything for an hour. */
const PEEK = [
  { id: 'peek-in', type: 'http in', url: '/peek', method: 'get', wires: [['peek']] },
  {
    id: 'peek',
    type: 'function',
    outputs: 1,
    func: `const clients = flow.get('clients') ?? {};
      if ('silent' in msg.req.query) for (const client of Object.values(clients)) client.seen -= 3_600_000;
      const texts = ([id, { session, ...rest }]) => [id, { ...rest, session: session && String(session) }];
      msg.payload = Object.fromEntries(Object.entries(clients).map(texts));
      return msg;`,
    wires: [['peek-out']],
  },
  { id: 'peek-out', type: 'http response', wires: [] },
];

/** Dashboard 2 with the flow of docs/dashboard.md, in a Node-RED of its own. */
export class Dashboard {
  readonly nodeRed: NodeRed;
  readonly #userDir: string;

  private constructor(nodeRed: NodeRed, userDir: string) {
    this.nodeRed = nodeRed;
    this.#userDir = userDir;
  }

  static async start(version: NodeRedVersion): Promise<Dashboard> {
    const folder = fetchDashboard();
    const userDir = mkdtempSync(join(tmpdir(), 'vg-auth-dashboard-'));
    linkProject(userDir);
    const link = join(userDir, 'node_modules', DASHBOARD);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folder, link, 'junction');
    return new Dashboard(await NodeRed.start({ version, userDir }), userDir);
  }

  async stop(): Promise<void> {
    await this.nodeRed.stop();
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** @param change what is different from the file, for each node */
  async deploy(change: (node: ExampleNode) => ExampleNode = (node) => node): Promise<void> {
    const tab = DASHBOARD_FLOW.find(({ type }) => type === 'tab')?.id;
    await this.nodeRed.deploy([
      ...DASHBOARD_FLOW.map(change),
      ...PEEK.map((node) => ({ ...node, z: tab, x: 0, y: 0 })),
    ]);
  }

  /** What the flow keeps, by the ids of the clients. */
  async peek(query = ''): Promise<Record<string, Kept>> {
    return (await fetch(`${this.nodeRed.url}peek${query}`)).json() as Promise<Record<string, Kept>>;
  }

  /** Waits until the flow keeps nothing, and no session is open. */
  async isEmpty(): Promise<void> {
    await becomes(() => this.peek(), {});
    await becomes(() => this.sessions(), []);
  }

  /** The users with an open session. */
  async sessions(): Promise<string[]> {
    const { sessions } = (await this.nodeRed.admin('vg-auth/sessions')) as { sessions: { user: string }[] };
    return sessions.map(({ user }) => user).sort();
  }

  /** Forgets the wrong passwords of the practice users, and the codes: only one in 30 s is sent to each. */
  async forgetUsers(): Promise<void> {
    const server = DASHBOARD_FLOW.find(({ type }) => type === 'vg-server')?.id;
    for (const { user } of PRACTICE_USERS) await this.nodeRed.admin('vg-auth/sessions/sign-out', { server, user });
  }

  /** Sends the practice server a request. @returns what it answers */
  async practice(path: string, method = 'GET'): Promise<unknown> {
    const address = /the practice server is at (\S+)/.exec(this.nodeRed.log)?.[1];
    const response = await fetch(`${address}/practice/${path}`, { method });
    if (!response.ok) throw new Error(`the practice server answered ${response.status} to ${path}`);
    const text = await response.text();
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** The newest code that a practice user received. */
  async codeFor(user: string): Promise<string> {
    return ((await this.practice(`inbox/${user}`)) as { code: string }).code;
  }

  /** What Dashboard keeps of the messages and the state of a widget. Anybody can read it at this address. */
  async stored(widget: string): Promise<string[]> {
    const read = (store: string): Promise<string> =>
      fetch(`${this.nodeRed.url}dashboard/_debug/${store}/${widget}`).then((response) => response.text());
    return Promise.all([read('datastore'), read('statestore')]);
  }

  /** Somebody who has opened the page, in a browser context of their own. */
  async open(): Promise<DashboardPage> {
    const client = new DashboardPage(await openPage(), `${this.nodeRed.url}dashboard/sign-in`);
    await client.load();
    return client;
  }
}

/** One client of Dashboard: a page with the sign-in. */
export class DashboardPage {
  readonly page: Page;
  /** Everything that came from Dashboard. */
  readonly received: string[] = [];
  /** What went wrong in the page. */
  readonly faults: string[] = [];
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.on('pageerror', (error) => this.faults.push(String(error.stack)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => this.received.push(String(payload)));
    });
    // Until the WebSocket is open, messages come as responses. The last one can be cut off by a reload.
    page.on('response', (response) => {
      if (!response.url().includes('/socket.io/')) return;
      response.text().then(
        (text) => this.received.push(text),
        () => undefined,
      );
    });
  }

  /** Opens the page, or loads it again. */
  async load(): Promise<void> {
    await this.page.goto(this.#url);
    await this.page.getByLabel('Password').waitFor();
    await this.page.addStyleTag({ content: STILL });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async signIn(user: string, password = 'practice'): Promise<void> {
    await this.page.getByLabel('Username').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.click('Sign in');
  }

  async click(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button }).click();
  }

  async enter(code: string): Promise<void> {
    await this.page.getByLabel('Code').fill(code);
    await this.click('Sign in');
  }

  async shows(text: string): Promise<void> {
    await this.page.getByText(text, { exact: true }).waitFor();
  }

  /** Waits until the page says what went wrong. */
  async says(problem: string): Promise<void> {
    await becomes(() => this.page.getByRole('alert').allInnerTexts(), [problem]);
  }

  /** Sends a widget whatever a browser can send. @returns the id that Dashboard has given to this client */
  async send(event: string, widget: string, message: object): Promise<string> {
    const socket = await this.#socket();
    return socket.evaluate((open, sent) => open.emit(...sent).id, [event, widget, message] as const);
  }

  /** Cuts the connection, which the page of Dashboard then opens again. */
  async reconnect(): Promise<void> {
    const socket = await this.#socket();
    await socket.evaluate((open) => open.disconnect().id);
  }

  /** The socket of Dashboard, which its Vue application provides. */
  #socket(): Promise<JSHandle<Socket>> {
    return this.page.evaluateHandle(() => {
      const { __vue_app__: app } = document.querySelector('#app') as unknown as VueRoot;
      return app._context.provides.$socket;
    });
  }
}

/** A Dashboard for the tests of a suite. After each test all pages are closed, and nothing of them must be left. */
export function dashboardForTests(version: NodeRedVersion): { get(): Dashboard; visit(): Promise<DashboardPage> } {
  let dashboard: Dashboard;
  const open: DashboardPage[] = [];

  before('a Dashboard is there', async function () {
    // The first time, npm fetches Dashboard.
    this.timeout(600_000);
    dashboard = await Dashboard.start(version);
    await dashboard.deploy();
  });

  after(() => dashboard?.stop());

  afterEach('nothing is left of the pages', async () => {
    const faults = open.flatMap((client) => client.faults);
    for (const client of open.splice(0)) await client.close();
    assert.deepEqual(faults, []);
    await dashboard.isEmpty();
    await dashboard.practice('mode/normal', 'POST');
    await dashboard.forgetUsers();
  });

  return {
    get: () => dashboard,
    async visit() {
      const client = await dashboard.open();
      open.push(client);
      return client;
    },
  };
}

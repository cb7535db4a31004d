import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { loadAxe, violations } from '../support/axe.ts';
import { openEditorOf, version } from '../support/browser.ts';
import { Dashboard, type DashboardPage } from '../support/dashboard.ts';
import { unlikeMeasured } from '../support/drawn.ts';
import type { Editor } from '../support/editor.ts';
import { DASHBOARD_FLOW, type ExampleNode } from '../support/examples.ts';
import { DRAWN, see, shoot, takes, themes } from '../support/pictures.ts';
import { becomes } from '../support/steady.ts';

/** Dashboard takes its colors from the theme of the page, not from the browser. */
const COLORS = {
  light: {},
  dark: { surface: '#1c1f26', primary: '#4aa8ff', bgPage: '#0e0e12', groupBg: '#16181d', groupOutline: '#33363d' },
};
const WIDTHS = [1280, 390, 320];
/** The states of the page that docs/dashboard.md shows. */
const PICTURED = ['methods', 'code', 'signed-in'];

describe('The recipe for Dashboard 2, to look at', () => {
  let dashboard: Dashboard;

  before(async function () {
    // The first time, npm fetches Dashboard.
    this.timeout(600_000);
    dashboard = await Dashboard.start(version);
    await dashboard.nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } });
  });

  after(() => dashboard?.stop());

  for (const theme of ['light', 'dark'] as const) {
    it(`fits on every screen and can be read by everybody, ${theme}`, async () => {
      await dashboard.deploy(inColors(COLORS[theme]));
      const client = await dashboard.open();
      await loadAxe(client.page);
      await check(client, 'sign-in', theme);
      await client.signIn('wrong-password');
      await client.says('The username or the password is wrong.');
      await check(client, 'refused', theme);
      await client.signIn('all');
      await client.page.getByText('Hello all').waitFor();
      await check(client, 'methods', theme);
      await client.click('Code by SMS');
      await client.page.getByRole('timer').waitFor();
      await check(client, 'code', theme);
      await client.enter(await dashboard.codeFor('all'));
      await client.click('Call the API');
      await client.shows('The API recognizes you as all.');
      await check(client, 'signed-in', theme);
      await client.click('Sign out');
      await client.signIn('link');
      await client.click('Link by email');
      await client.page.getByRole('timer').waitFor();
      await check(client, 'link', theme);
      await client.close();
      await dashboard.forgetUsers();
    });
  }

  describe('in the editor', () => {
    let editor: Editor;

    before(async () => {
      await dashboard.nodeRed.deploy([...DASHBOARD_FLOW]);
      editor = await openEditorOf(dashboard.nodeRed.url);
      await editor.page.setViewportSize({ width: 1700, height: 1600 });
    });

    after(() => editor?.page.context().close());

    it('has no node that is not filled in, and is drawn as the tests of the drawings measure it', async () => {
      await editor.showFlow(String(DASHBOARD_FLOW[0]?.label));
      const marks = editor.chart.locator('.red-ui-flow-node-error:visible');
      const marked = editor.chart.locator('.red-ui-flow-node-group', { has: marks });
      assert.deepEqual(await marked.allInnerTexts(), []);
      assert.deepEqual(await unlikeMeasured(editor, DASHBOARD_FLOW), []);
    });

    for (const theme of themes)
      it(`is shown in docs/dashboard.md, ${theme}`, async () => {
        if (version === 'node-red-5') await editor.chooseTheme(theme);
        await editor.showFlow(String(DASHBOARD_FLOW[0]?.label));
        await shoot(editor, `dashboard-flow-${theme}`, editor.chart.locator(DRAWN));
      });
  });
});

/** Checks one state of the page at each width, and takes its picture at the width of a phone. */
async function check(client: DashboardPage, name: string, theme: string): Promise<void> {
  const { page } = client;
  const part = page.locator('.sign-in');
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    // Dashboard lays the page out some time after the window has changed.
    await becomes(() => part.evaluate((root) => root.clientWidth > Math.min(250, innerWidth * 0.7)), true);
    await becomes(() => cut(part), []);
    if (width !== 390 || !PICTURED.includes(name)) continue;
    const picture = `dashboard-${name}-${theme}`;
    if (takes) await shoot(client, picture, page.locator('.nrdb-ui-group'));
    else see(picture);
  }
  assert.deepEqual(await violations(part, []), [], name);
}

/** What does not fit into the window, and texts that do not fit into their element. */
function cut(part: Locator): Promise<string[]> {
  return part.evaluate((root) => {
    const all = [...root.querySelectorAll<HTMLElement>('*')].filter((element) => element.offsetParent);
    const outside = all.filter((element) => element.getBoundingClientRect().right > innerWidth);
    const texts = all.filter((element) => element.matches('p, button, .v-btn__content'));
    const over = texts.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1);
    return [...outside, ...over].map(({ outerHTML }) => outerHTML.slice(0, 120));
  });
}

/** The flow with other colors in its theme. */
function inColors(colors: object): (node: ExampleNode) => ExampleNode {
  return (node) => (node.type === 'ui-theme' ? { ...node, colors: { ...(node.colors as object), ...colors } } : node);
}

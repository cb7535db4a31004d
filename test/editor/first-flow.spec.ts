import assert from 'node:assert/strict';
import { allThatThePageKnows, example, openEditor, type SavedNode, saved, version } from '../support/browser.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';
import { readPage, sectionOf } from '../support/pages.ts';
import { DRAWN, shoot, themes } from '../support/pictures.ts';
import { TOKENS } from '../support/practice-tokens.ts';
import { type } from '../support/steady.ts';

const ADDRESS = `\${VG_AUTH_PRACTICE_URL}/api/hello`;
/** The steps of the README, word for word. If you change one, change what this test does, too. */
const STEPS = {
  drag: 'Drag `inject`, `attach bearer`, `http request` and `debug` from the palette into the tab, and wire them in this order. `attach bearer` has two outputs: use the upper one.',
  account: 'Double-click `attach bearer`. Click **Use the practice server** below **Account**, then **Done**.',
  address: `Double-click \`inject\`. In its first row replace \`payload\` with \`url\`, choose the type **env variable**, and enter \`${ADDRESS}\`. Click **Done**.`,
  deploy: 'Click **Deploy**.',
  click:
    'Click the button of `inject`. The status below `attach bearer` shows until when the token is valid, and the debug sidebar shows the response of the API: `"signed_in_as":"practice"`.',
};
const FILE = '00 - Your first flow';
/** The debug node at output 2 that the example has in addition. */
const ADDED = 'Sign-in needed';

describe('The first flow of the README, from an empty tab, by mouse and keyboard', () => {
  let editor: Editor;
  let inject: DrawnNode;
  let attach: DrawnNode;

  before(async () => {
    editor = await openEditor();
    await editor.showDebug();
  });

  it('has these steps', () => {
    const chapter = sectionOf(readPage('README.md'), '## Your first flow');
    assert.deepEqual(
      [...chapter.matchAll(/^\d\. (.+)$/gm)].map(([, step]) => step),
      Object.values(STEPS),
    );
  });

  it(STEPS.drag, async () => {
    inject = await editor.add('inject', 'inject', { x: 130, y: 120 });
    attach = await editor.add('attach-bearer', 'attach bearer', { x: 290, y: 120 });
    const request = await editor.add('http request', 'http request', { x: 480, y: 120 });
    const debug = await editor.add('debug', 'debug', { x: 660, y: 120 });
    await editor.wire(inject, 1, attach);
    await editor.wire(attach, 1, request);
    await editor.wire(request, 1, debug);
  });

  it(STEPS.account, async () => {
    const dialog = await editor.open(attach);
    await dialog.press('Use the practice server');
    await dialog.done();
  });

  it(STEPS.address, async () => {
    const dialog = await editor.open(inject);
    const row = dialog.element.locator('.red-ui-editableList-container li').first();
    const [property, value] = [0, 1].map((index) => row.locator('.red-ui-typedInput-container').nth(index));
    assert.ok(property && value);
    await type(property.locator('input').filter({ visible: true }), 'url');
    await value.locator('.red-ui-typedInput-type-select').click();
    const types = editor.page.locator('.red-ui-typedInput-options').filter({ visible: true });
    await types.getByText('env variable', { exact: true }).click();
    await type(value.locator('input').filter({ visible: true }), ADDRESS);
    await dialog.done();
  });

  it(STEPS.deploy, async () => {
    await editor.deploy();
  });

  it(STEPS.click, async () => {
    await inject.press();
    await attach.status(/valid until \d\d:\d\d$/);
    await editor.page.locator('.red-ui-debug-msg').getByText('"signed_in_as":"practice"').waitFor();
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });

  for (const theme of themes) {
    it(`is shown at the top of the README, with its result, ${theme}`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      // No node is selected.
      await editor.chart.click({ position: { x: 400, y: 400 } });
      await shoot(editor, `first-flow-${theme}`, editor.chart.locator(DRAWN));
      await shoot(editor, `first-result-${theme}`, editor.page.locator('.red-ui-debug-msg').last(), 0);
    });
  }

  it('makes the flow of the example', () => {
    const [built, file] = [shapeOf(saved()), shapeOf(without(ADDED, example(FILE)))];
    assert.deepEqual(Object.keys(built), Object.keys(file));
    for (const [kind, properties] of Object.entries(file))
      for (const [name, value] of Object.entries(properties))
        assert.deepEqual(built[kind]?.[name], value, `${kind}: ${name}`);
  });
});

/** The nodes without those of this name, and without the wires to them. */
function without(name: string, nodes: SavedNode[]): SavedNode[] {
  const ids = nodes.filter((node) => node.name === name).map(({ id }) => id);
  assert.equal(ids.length, 1);
  return nodes
    .filter(({ id }) => !ids.includes(id))
    .map((node) =>
      node.wires
        ? { ...node, wires: (node.wires as string[][]).map((to) => to.filter((id) => !ids.includes(id))) }
        : node,
    );
}

/**
 * The settings of nodes, by type: without positions, groups, ids and empty properties. A wire or a reference is the type of
 * the node at its end.
 */
function shapeOf(nodes: SavedNode[]): Record<string, object & Record<string, unknown>> {
  const typeOf = new Map(nodes.map((node) => [node.id, node.type]));
  const shape = nodes
    .filter(({ type }) => !['tab', 'group', 'comment'].includes(type))
    .map(({ id: _id, z: _z, g: _g, x: _x, y: _y, ...rest }) => {
      const filled = JSON.stringify(rest, (_name, value) => (value === '' ? undefined : value));
      const text = filled.replace(/"[0-9a-f]{16}"/g, (id) => JSON.stringify(typeOf.get(JSON.parse(id))));
      return [rest.type, JSON.parse(text)] as const;
    });
  return Object.fromEntries(shape.sort(([one], [other]) => one.localeCompare(other)));
}

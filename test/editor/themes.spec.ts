import assert from 'node:assert/strict';
import { openEditorWithEachNode, version } from '../support/browser.ts';
import type { Dialog } from '../support/dialog.ts';
import type { DrawnNode, Editor } from '../support/editor.ts';

// Node-RED 4.1 has a light theme only.
const themes = version === 'node-red-5' ? (['light', 'dark'] as const) : (['light'] as const);

describe('A dialog can be read', () => {
  let editor: Editor;
  let token: DrawnNode;
  let login: DrawnNode;
  let attach: DrawnNode;

  before(async () => {
    const opened = await openEditorWithEachNode();
    editor = opened.editor;
    ({ 'vgs-token': token, 'vg-login': login, 'attach-bearer': attach } = opened.nodes);
  });

  for (const theme of themes) {
    it(`in the ${theme} theme`, async () => {
      if (version === 'node-red-5') await editor.chooseTheme(theme);
      for (const [node, label] of [
        [token, 'Account'],
        [login, 'Server'],
      ] as const) {
        const dialog = await editor.open(node);
        assert.deepEqual(await faint(dialog), []);
        const config = await dialog.addConfig(label);
        await config.fill({ 'Practice server: built in, no account needed': true });
        assert.deepEqual(await faint(config), []);
        await config.cancel();
        await dialog.cancel();
      }
      const dialog = await editor.open(attach);
      await dialog.fill({ 'Token from': 'a Visual Guard session' });
      await dialog.choose('User', 'msg.', 'user');
      assert.deepEqual(await faint(dialog), []);
      await dialog.cancel();
    });
  }
});

/** Texts whose contrast is below what the WCAG ask for (4.5 to 1). */
function faint(dialog: Dialog): Promise<string[]> {
  const texts = dialog.element.locator(
    '.form-row label, .form-tips, .form-row code, .form-row input, .form-row select, .form-row textarea',
  );
  return texts.filter({ visible: true }).evaluateAll((elements) => {
    const numbers = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const brightness = (color: string): number => {
      const [r, g, b] = numbers(color).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      if (!element) return 'rgb(255, 255, 255)';
      const { backgroundColor } = getComputedStyle(element);
      return numbers(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor;
    };
    return elements.flatMap((element) => {
      const colors = [getComputedStyle(element).color, behind(element)];
      const [dark, light] = colors.map(brightness).sort((a, b) => a - b);
      const contrast = (light + 0.05) / (dark + 0.05);
      return contrast < 4.5 ? [`${element.id || element.textContent}: ${contrast.toFixed(1)} (${colors})`] : [];
    });
  });
}

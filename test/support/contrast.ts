import type { Locator } from 'playwright-core';

/** Texts with a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3). */
export function faintTexts(texts: Locator): Promise<string[]> {
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

import type { BrowserContext, Page } from 'playwright-core';

/** A node type of this package, as the editor has it. */
export interface NodeDefinition {
  type: string;
  isConfig: boolean;
  /** Each property; for a reference to a config node, with its type. */
  properties: Record<string, string | undefined>;
  credentials: string[];
}

/** A node in flows.json. */
interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Everything that is marked as injected: `injected` is called by a script, `.injected` is an element. */
const WATCH = `
  globalThis.injections = [];
  globalThis.injected = (where) => injections.push('a script ran: ' + where);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        if (node.nodeType === 1 && (node.matches('.injected') || node.querySelector('.injected')))
          injections.push('an element was added: ' + (node.parentElement || node).outerHTML.slice(0, 500));
  }).observe(document, { childList: true, subtree: true });
`;

/** Watches for markup that becomes an element or a script in each page that is opened from now on. */
export function watchForMarkup(context: BrowserContext): Promise<unknown> {
  return context.addInitScript(WATCH);
}

/** The elements and scripts that were created from markup since the page was loaded. */
export function injections(page: Page): Promise<string[]> {
  return page.evaluate(() => Reflect.get(window, 'injections') as string[]);
}

/** Markup that reports the place at which it became an element. */
export const markup = {
  /** In a text. */
  image: (where: string) => `<img class="injected" src="data:," onerror="injected('${where}')">`,
  /** Closes an attribute, a text field, a list or an element first. */
  script: (where: string) =>
    `${where}"'></option></select></textarea></span></a></svg><script class="injected">injected('${where}')</script>` +
    `<svg class="injected" onload="injected('${where}')">&lt;i class=injected&gt;`,
  /** As a value that is no text. */
  list: (where: string) => [markup.image(where), { label: markup.script(where) }],
};

/** The node types of this package with everything that an import can set. */
export function definitions(page: Page): Promise<NodeDefinition[]> {
  return page.evaluate(() => {
    const { nodes } = Reflect.get(window, 'RED');
    const ours = nodes.registry
      .getNodeList()
      .filter(({ module }: { module: string }) => module === '@vg-auth/node-red-vg-auth')
      .flatMap(({ types }: { types: string[] }) => types);
    return ours.map((type: string) => {
      const { category, defaults, credentials } = nodes.getType(type);
      return {
        type,
        isConfig: category === 'config',
        properties: Object.fromEntries(Object.keys(defaults).map((name) => [name, defaults[name].type])),
        credentials: Object.keys(credentials ?? {}),
      };
    });
  });
}

/**
 * One node of each type with markup in every property and credential.
 *
 * @param words values for properties that are a word of a list; without one there is markup, too
 * @param isLinked whether references name the nodes of this flow, else they hold markup
 */
export function nodesOfMarkup(
  all: NodeDefinition[],
  flow: string,
  make: (where: string) => unknown,
  words: Record<string, string> = {},
  isLinked = true,
): FlowNode[] {
  const idOf = (type: string): string => `${flow}-${type}`;
  return all.map(({ type, isConfig, properties, credentials }, index) => {
    const propertyOf = (name: string): unknown => {
      const refersTo = properties[name];
      if (refersTo && isLinked) return all.some((each) => each.type === refersTo) ? idOf(refersTo) : '';
      const word = words[name] ?? (name.endsWith('Type') ? words.Type : undefined);
      return word ?? make(`${type}.${name}`);
    };
    return {
      ...Object.fromEntries(Object.keys(properties).map((name) => [name, propertyOf(name)])),
      credentials: Object.fromEntries(credentials.map((name) => [name, make(`${type}.${name}`)])),
      id: idOf(type),
      type,
      ...(isConfig ? {} : { z: flow, x: 200, y: 80 + 60 * index, wires: [] }),
    };
  });
}

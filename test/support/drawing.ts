import type { NodeRedVersion } from '../../scripts/versions.ts';
import type { ExampleNode } from './examples.ts';
import { type Point, pointsOf, wirePathOf } from './wire-path.ts';

/** A rectangle on the canvas, and its content. */
export interface Box {
  what: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Group extends ExampleNode {
  nodes: string[];
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The advance widths of the characters from the space on, in 2,048ths of the font size: Arial, as the editor uses it. */
const ARIAL =
  '569 569 727 1139 1139 1821 1366 391 682 682 797 1196 569 682 569 569 1139 1139 1139 1139 1139 1139 1139 1139 1139 1139 ' +
  '569 569 1196 1196 1196 1139 2079 1366 1366 1479 1479 1366 1251 1593 1479 569 1024 1366 1139 1706 1479 1593 1366 1593 ' +
  '1479 1366 1251 1479 1366 1933 1366 1366 1251 569 569 569 961 1139 682 1139 1139 1024 1139 1139 569 1139 1139 455 455 ' +
  '1024 455 1706 1139 1139 1139 1139 682 1024 569 1139 1024 1479 1024 1024 1024 684 532 684 1196';
const WIDTHS = ARIAL.split(' ').map(Number);
const LABEL_PIXELS = 14;
const STATUS_PIXELS = 12;

/** The labels of nodes without a name, in English. */
const UNNAMED: Record<string, string> = {
  'attach-bearer': 'attach bearer',
  'http response': 'http',
  split: 'split',
  json: 'json',
};

const SENT = 'practice: SMS code sent (012345)';
/** The longest status that a node of an example shows, by type and action. */
const STATUSES: Record<string, string> = {
  'vgs-token': 'practice: server unavailable',
  'vg-login': SENT,
  'vg-login ask': 'practice: choose a method',
  'vg-mfa': SENT,
  'vg-mfa submit': 'practice: unknown challenge',
  'vg-logout': 'practice: signed out',
  'attach-bearer': 'practice: choose a method',
  'http request': 'requesting',
  'websocket in': 'connected 12',
  'websocket out': 'connected 12',
  'mqtt in': 'disconnected',
  'mqtt out': 'disconnected',
  delay: '12',
};

/** Nodes that begin a flow: their label is not as far from the left edge, because there is no input. */
const NO_INPUT = ['inject', 'catch', 'status', 'comment', 'http in', 'link in', 'websocket in', 'mqtt in'];
/** Nodes with a button beside them, and at which side. */
const BUTTONS: Record<string, 'left' | 'right'> = { inject: 'left', debug: 'right' };
/** The space that the editor leaves between the nodes of a group and its border, in pixels. */
const GROUP_MARGIN = 26;
const BUTTON_WIDTH = 20;

export function textWidth(text: string, pixels = LABEL_PIXELS): number {
  const units = [...text].reduce((sum, character) => sum + (WIDTHS[(character.codePointAt(0) ?? 0) - 32] ?? 2048), 0);
  return Math.round((units * pixels) / 2048);
}

/** The label of a node, as the editor shows it in English. */
export function labelOf({ name, type, method, url, once, repeat, crontab }: ExampleNode): string {
  if (type === 'http in' && !name) return `[${method}] ${url}`;
  // The mark of an inject node that starts automatically.
  const mark = type !== 'inject' ? '' : repeat || crontab ? ' ↻' : once ? ' ¹' : '';
  return (name || (UNNAMED[type] ?? type)) + mark;
}

/** Is drawn on the canvas: not a tab, a group or a config node. */
export function isDrawn({ x, type }: ExampleNode): boolean {
  return x !== undefined && type !== 'group';
}

export function isGroup(node: ExampleNode): node is Group {
  return node.type === 'group';
}

/** The size that the editor gives a node, in pixels. */
export function sizeOf(node: ExampleNode): { w: number; h: number } {
  const h = Math.max(30, 15 * Number(node.wires?.length ?? 0));
  const isIcon = node.l === false || (node.type.startsWith('link ') && node.l !== true);
  if (isIcon) return { w: 30, h };
  const beside = NO_INPUT.includes(node.type) ? 50 : 57;
  return { w: Math.max(100, 20 * Math.ceil((textWidth(labelOf(node)) + beside) / 20)), h };
}

/** The rectangle of a node, with its button. */
export function boxOf(node: ExampleNode): Box {
  const { w, h } = sizeOf(node);
  const [x, y] = [Number(node.x), Number(node.y)];
  const button = BUTTONS[node.type];
  return {
    what: `${node.type} "${labelOf(node)}"`,
    left: x - w / 2 - (button === 'left' ? BUTTON_WIDTH : 0),
    right: x + w / 2 + (button === 'right' ? BUTTON_WIDTH : 0),
    top: y - h / 2,
    bottom: y + h / 2,
  };
}

function statusOf({ type, method, action }: ExampleNode): string | undefined {
  return STATUSES[`${type} ${action ?? method}`] ?? STATUSES[type];
}

/** The rectangle of a node's status; undefined if it shows none. */
export function statusBoxOf(node: ExampleNode): Box | undefined {
  const text = statusOf(node);
  if (!text) return undefined;
  const { w, h } = sizeOf(node);
  const left = Number(node.x) - w / 2 + 9;
  const top = Number(node.y) + h / 2 + 2;
  const right = left + 14 + textWidth(text, STATUS_PIXELS);
  return { what: `the status of "${labelOf(node)}"`, left, right, top, bottom: top + 13 };
}

/** The rectangle of a group's title. */
export function titleBoxOf({ name = '', x, y }: Group): Box {
  return { what: `the title "${name}"`, left: x + 5, right: x + 5 + textWidth(name), top: y + 2, bottom: y + 20 };
}

/** The border of a group around its nodes, as the editor computes it. */
export function frameOf(group: ExampleNode, nodes: readonly ExampleNode[]): Pick<Group, 'x' | 'y' | 'w' | 'h'> {
  const boxes = nodes.map(boxOf);
  const x = Math.min(...boxes.map(({ left }) => left)) - GROUP_MARGIN;
  const y = Math.min(...boxes.map(({ top }) => top)) - GROUP_MARGIN;
  const right = Math.max(...boxes.map((box) => box.right)) + GROUP_MARGIN;
  const bottom = Math.max(...boxes.map((box) => box.bottom)) + GROUP_MARGIN;
  return { x, y, w: Math.max(right - x, textWidth(group.name ?? '') + 8), h: bottom - y };
}

/** A wire between two nodes of an example. */
export interface Wire {
  from: ExampleNode;
  to: ExampleNode;
  output: number;
}

/** All wires that are drawn. Those between link nodes are not, unless a link node is selected. */
export function wiresOf(nodes: readonly ExampleNode[]): Wire[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return nodes.filter(isDrawn).flatMap((from) =>
    (from.wires ?? []).flatMap((ids, output) =>
      ids.flatMap((id) => {
        const to = byId.get(id);
        return to ? [{ from, to, output }] : [];
      }),
    ),
  );
}

/** The two ends of a wire. */
export function endsOf({ from, to, output }: Wire): [Point, Point] {
  const outputs = from.wires?.length ?? 1;
  const start = { x: Number(from.x) + sizeOf(from).w / 2, y: Number(from.y) + 13 * (output - (outputs - 1) / 2) };
  return [start, { x: Number(to.x) - sizeOf(to).w / 2, y: Number(to.y) }];
}

const paths = new Map<NodeRedVersion, ReturnType<typeof wirePathOf>>();

/** Points along a wire, as the editor of this Node-RED draws it. */
export function pointsAlong(wire: Wire, version: NodeRedVersion): Point[] {
  const draw = paths.get(version) ?? wirePathOf(version);
  paths.set(version, draw);
  const [start, end] = endsOf(wire);
  const hasStatus = [wire.from, wire.to].some((node) => statusOf(node) !== undefined);
  return pointsOf(draw(start.x, start.y, end.x, end.y, 1, hasStatus));
}

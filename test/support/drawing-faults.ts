import type { NodeRedVersion } from '../../scripts/versions.ts';
import {
  type Box,
  boxOf,
  endsOf,
  frameOf,
  type Group,
  isDrawn,
  isGroup,
  labelOf,
  pointsAlong,
  statusBoxOf,
  titleBoxOf,
  type Wire,
  wiresOf,
} from './drawing.ts';
import type { ExampleNode } from './examples.ts';
import type { Point } from './wire-path.ts';

/** A flow wider than this does not fit beside the palette and the sidebar of a usual screen, in pixels. */
export const WIDEST = 1000;
/** A wire at the edge of a box does not cover what is in it, in pixels. */
const EDGE = 1;

/** The faults that make a drawing hard to read, one line each. */
export function drawingFaults(nodes: readonly ExampleNode[], version: NodeRedVersion): string[] {
  return [...overlaps(nodes), ...crossings(nodes, version), ...strays(nodes), ...backward(nodes), ...tooWide(nodes)];
}

/** All rectangles: nodes, their statuses, the titles of the groups. */
function boxesOf(nodes: readonly ExampleNode[]): Box[] {
  return nodes.flatMap((node) => {
    if (isGroup(node)) return [titleBoxOf(node)];
    const status = isDrawn(node) ? statusBoxOf(node) : undefined;
    return isDrawn(node) ? [boxOf(node), ...(status ? [status] : [])] : [];
  });
}

function overlaps(nodes: readonly ExampleNode[]): string[] {
  const boxes = boxesOf(nodes);
  const groups = nodes.filter(isGroup).map(({ name, x, y, w, h }) => ({
    what: `the group "${name}"`,
    left: x,
    right: x + w,
    top: y,
    bottom: y + h,
  }));
  return [...pairs(boxes), ...pairs(groups)]
    .filter(([one, other]) => one.left < other.right && other.left < one.right)
    .filter(([one, other]) => one.top < other.bottom && other.top < one.bottom)
    .map(([one, other]) => `${one.what} covers ${other.what}`);
}

function crossings(nodes: readonly ExampleNode[], version: NodeRedVersion): string[] {
  const boxes = boxesOf(nodes);
  const frames = nodes.filter(isGroup);
  return wiresOf(nodes).flatMap((wire) => {
    const points = pointsAlong(wire, version);
    const foreign = frames.filter(({ id }) => wire.from.g !== id && wire.to.g !== id).map(outlineOf);
    return [...boxes, ...foreign]
      .filter((box) => points.some((point) => isInside(point, box)))
      .map(({ what }) => `${nameOf(wire)} crosses ${what}`);
  });
}

function strays(nodes: readonly ExampleNode[]): string[] {
  const groups = new Map(nodes.filter(isGroup).map((group) => [group.id, group]));
  const faults = nodes
    .filter((node) => isDrawn(node) && node.type !== 'comment')
    .filter(({ id, g }) => !groups.get(String(g))?.nodes.includes(id))
    .map((node) => `${node.type} "${labelOf(node)}" is in no group`);
  for (const group of groups.values()) {
    const members = nodes.filter(({ g }) => g === group.id);
    const { x, y, w, h } = frameOf(group, members);
    if (group.x !== x || group.y !== y || group.w !== w || group.h !== h)
      faults.push(`the group "${group.name}" is at ${x}, ${y} with ${w} × ${h} in the editor`);
    if (!group.name || group.nodes.length !== members.length) faults.push(`the group "${group.name}" is not whole`);
  }
  return faults;
}

function backward(nodes: readonly ExampleNode[]): string[] {
  const wires = wiresOf(nodes).filter((wire) => {
    const [start, end] = endsOf(wire);
    return end.x <= start.x;
  });
  const faults = wires.slice(1).map((wire) => `${nameOf(wire)} is one more wire that goes backward`);
  for (const wire of wires) {
    const groups = [wire.from.g, wire.to.g];
    const there = nodes.filter((node) => node === wire.from || node === wire.to || groups.includes(node.id));
    const comments = nodes.filter(({ type, g }) => type === 'comment' && g !== undefined && groups.includes(g));
    if (![...there, ...comments].some(({ name }) => /\b(retry|again|401)\b/i.test(name ?? '')))
      faults.push(`${nameOf(wire)} goes backward, and nothing there says why`);
  }
  return faults;
}

function tooWide(nodes: readonly ExampleNode[]): string[] {
  const boxes = [...boxesOf(nodes), ...nodes.filter(isGroup).map(outlineOf)];
  const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
  return width > WIDEST ? [`it is ${width} px wide`] : [];
}

function outlineOf({ name, x, y, w, h }: Group): Box {
  return { what: `the group "${name}"`, left: x, top: y, right: x + w, bottom: y + h };
}

function isInside({ x, y }: Point, { left, right, top, bottom }: Box): boolean {
  return x > left + EDGE && x < right - EDGE && y > top + EDGE && y < bottom - EDGE;
}

function nameOf({ from, to, output }: Wire): string {
  return `the wire from output ${output + 1} of "${labelOf(from)}" to "${labelOf(to)}"`;
}

function pairs<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]));
}

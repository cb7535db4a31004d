import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';

export interface Point {
  x: number;
  y: number;
}

/** Makes the SVG path of a wire from an output to an input. @param hasStatus whether one of the nodes shows a status */
export type WirePath = (x1: number, y1: number, x2: number, y2: number, side: 1, hasStatus: boolean) => string;

/** The members of the editor's view that the function uses, with the values of the editor. */
const CONSTANTS = { lineCurveScale: 0.75, node_width: 100, node_height: 30 };

/**
 * The function by which the editor of this Node-RED draws wires, taken out of its source.
 *
 * @throws Error if the editor has no such function, or other constants
 */
export function wirePathOf(version: NodeRedVersion): WirePath {
  const nodeRed = createRequire(import.meta.url).resolve(`${version}/package.json`);
  const client = createRequire(nodeRed).resolve('@node-red/editor-client/package.json');
  const source = readFileSync(join(dirname(client), 'public/red/red.js'), 'utf8');
  for (const [name, value] of Object.entries(CONSTANTS))
    if (!new RegExp(`\\b${name} = ${value},`).test(source)) throw new Error(`${version} has another ${name}`);
  const drawn = /^ {4}(function generateLinkPath\(.*?^ {4}\})$/ms.exec(source)?.[1];
  if (!drawn) throw new Error(`${version} has no generateLinkPath`);
  const names = Object.keys(CONSTANTS);
  return new Function(...names, `${drawn}\nreturn generateLinkPath;`)(...Object.values(CONSTANTS));
}

/** Points along an SVG path of the commands M, C, S and h, at most a few pixels apart. */
export function pointsOf(path: string): Point[] {
  const points: Point[] = [];
  let at: Point = { x: 0, y: 0 };
  let control = at;
  const curve = (first: Point, second: Point, end: Point): void => {
    const length = Math.hypot(end.x - at.x, end.y - at.y) + Math.hypot(first.x - at.x, first.y - at.y);
    const steps = Math.max(8, Math.ceil(length / 2));
    for (let step = 1; step <= steps; step += 1) points.push(onCurve([at, first, second, end], step / steps));
    at = end;
    control = second;
  };
  for (const [, command = '', rest = ''] of path.matchAll(/([MCSh])([^MCSh]*)/g)) {
    const numbers = rest.trim().split(/\s+/).map(Number);
    if (numbers.some(Number.isNaN)) throw new Error(`no path: ${path}`);
    const point = (index: number): Point => ({ x: numbers[index] ?? 0, y: numbers[index + 1] ?? 0 });
    if (command === 'M') {
      at = point(0);
      control = at;
      points.push(at);
    } else if (command === 'C') curve(point(0), point(2), point(4));
    else if (command === 'S') curve({ x: 2 * at.x - control.x, y: 2 * at.y - control.y }, point(0), point(2));
    else curve(at, { x: at.x + (numbers[0] ?? 0), y: at.y }, { x: at.x + (numbers[0] ?? 0), y: at.y });
  }
  return points;
}

/** A point of a cubic Bézier curve. @param part from 0, its start, to 1, its end */
function onCurve(four: [Point, Point, Point, Point], part: number): Point {
  const rest = 1 - part;
  const weights = [rest ** 3, 3 * rest ** 2 * part, 3 * rest * part ** 2, part ** 3];
  const sum = (axis: 'x' | 'y'): number =>
    four.reduce((all, point, index) => all + point[axis] * (weights[index] ?? 0), 0);
  return { x: sum('x'), y: sum('y') };
}

import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import { isInReach } from '../../nodes/shared/config/reach.ts';
import { type FlowNode, wire } from '../support/flows.ts';
import { load } from '../support/runtime.ts';

const TAB = { type: 'tab', disabled: false, info: '' };

/** A subflow whose input goes to `first`. */
function subflow(id: string, first: string): FlowNode {
  return {
    id,
    type: 'subflow',
    name: id,
    info: '',
    category: '',
    in: [{ x: 0, y: 0, wires: [{ id: first }] }],
    out: [],
    env: [],
  };
}

/** A config node that needs nothing. */
function config(id: string, z?: string): FlowNode {
  return { id, type: 'vgs-account', ...(z ? { z } : {}) };
}

describe('what config nodes a node reaches', () => {
  it('is the global ones, and those of the flows and subflow instances around it', async () => {
    const flow = await load([
      { id: 'other', label: 'other', ...TAB },
      subflow('outer', 'inner-instance'),
      subflow('inner', 'deep'),
      { id: 'group', type: 'group', z: 'tab', name: '', nodes: ['grouped'], x: 0, y: 0, w: 9, h: 9 },
      config('global'),
      config('of-tab', 'tab'),
      config('of-other', 'other'),
      config('of-outer', 'outer'),
      config('of-inner', 'inner'),
      wire('vg-mfa', 'top', ['']),
      wire('vg-mfa', 'grouped', [''], { g: 'group' }),
      wire('subflow:outer', 'one', []),
      wire('subflow:outer', 'two', []),
      wire('subflow:inner', 'inner-instance', [], { z: 'outer' }),
      wire('vg-mfa', 'deep', [''], { z: 'inner' }),
      wire('subflow:inner', 'elsewhere', [], { z: 'other' }),
    ]);
    const at = (id: string): Node => flow.node(id);
    const configs = [
      'global',
      'of-tab',
      'of-other',
      'one-of-outer',
      'two-of-outer',
      'one-inner-instance-of-inner',
      'two-inner-instance-of-inner',
      'elsewhere-of-inner',
    ];
    const reached = (id: string): string[] => configs.filter((each) => isInReach(at(id), at(each)));

    assert.deepEqual(reached('top'), ['global', 'of-tab']);
    assert.deepEqual(reached('grouped'), ['global', 'of-tab']);
    assert.deepEqual(reached('one-inner-instance-deep'), [
      'global',
      'of-tab',
      'one-of-outer',
      'one-inner-instance-of-inner',
    ]);
    assert.deepEqual(reached('elsewhere-deep'), ['global', 'of-other', 'elsewhere-of-inner']);
    assert.deepEqual(reached('global'), ['global'], 'a global config node reaches no other flow');
    assert.deepEqual(reached('of-other'), ['global', 'of-other']);
    assert.deepEqual(reached('two-of-outer'), ['global', 'of-tab', 'two-of-outer']);
  });
});

import assert from 'node:assert/strict';
import { PracticeTokens } from '../../src/practice/tokens.ts';
import { system } from '../../src/system.ts';

/** Every token that a practice server gives out. */
export const TOKENS = /practice-(vgs|vg|vgtoken|refresh)-\w+/;

assert.match(new PracticeTokens(system).grant('vgs', 'practice', '', 300), TOKENS);

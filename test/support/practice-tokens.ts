import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { PracticeTokens } from '../../src/practice/tokens.ts';

/** Every token that a practice server gives out. */
export const TOKENS = /practice-(vgs|vg|vgtoken|refresh)-\w+/;

assert.match(new PracticeTokens(systemClock).grant('vgs', 'practice', '', 300), TOKENS);

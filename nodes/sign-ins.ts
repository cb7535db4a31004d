import type { NodeAPI } from 'node-red';
import { onDemand } from '../src/core/on-demand.ts';
import { routesOnDemand } from './shared/node-on-demand.ts';

const code = onDemand<typeof import('./types/sign-ins.ts')>(
  import.meta.url,
  './types/sign-ins',
  () => import('./types/sign-ins.ts'),
);

/** The settings in settings.js that the code checks. It warns when the flows have started. */
const CHECKED_SETTINGS = ['vgAuthMetrics', 'vgAuthPractice', 'vgAuthMaxSessions', 'vgAuthMaxWrongCodes'];

/** The plugin of the sidebar tab Sign-ins, and of the admin routes that it uses. */
export default function (RED: NodeAPI): Promise<void> | undefined {
  RED.plugins.registerPlugin('vg-auth-sign-ins', { type: 'vg-auth' });
  const load = routesOnDemand(RED, code, [
    'GET /vg-auth/accounts',
    'GET /vg-auth/sessions',
    'GET /vg-auth/events',
    'GET /vg-auth/health',
    'GET /vg-auth/metrics',
    'POST /vg-auth/accounts/:id/renew',
    'POST /vg-auth/accounts/:id/sign-in',
    'POST /vg-auth/accounts/:id/sign-out',
    'POST /vg-auth/challenges/:id/choose',
    'POST /vg-auth/challenges/:id/submit',
    'POST /vg-auth/challenges/:id/click',
    'POST /vg-auth/sessions/:id/sign-out',
    'POST /vg-auth/sessions/sign-out',
  ]);
  const early = code.early();
  const settings = RED.settings as unknown as Record<string, unknown>;
  if (CHECKED_SETTINGS.every((name) => settings[name] === undefined)) return early;
  if (early) return early.then(() => void load());
  load();
  return undefined;
}

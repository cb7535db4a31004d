import type { NodeAPI } from 'node-red';
import { engineOf } from '../shared/runtime.ts';
import { signInRoutes } from '../shared/sign-ins/routes.ts';

/** The admin routes of the tab Sign-ins, and the check of the settings. */
export default function (RED: NodeAPI): void {
  engineOf(RED);
  signInRoutes(RED);
}

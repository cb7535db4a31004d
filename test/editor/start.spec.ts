import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { openEditorOf } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { freePort } from '../support/free-port.ts';
import { NodeRed } from '../support/node-red.ts';
import { until } from '../support/until.ts';

const VALID = /^practice: valid until \d\d:\d\d$/;

describe('After npm start, in the browser', () => {
  let userDir: string;
  let program: ChildProcess;
  let editor: Editor;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-start-'));
    const port = await freePort();
    program = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', userDir], {
      cwd: PROJECT,
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const nodeRed = NodeRed.at(`http://127.0.0.1:${port}/`, program);
    // The journeys are still being tried: a person clicks as soon as the address is shown.
    await until(() => nodeRed.log.includes('Node-RED is at'), 120_000);
    // As in openEditor: Node-RED 5 shows a tip, and fails if a busy machine is not ready at that moment.
    await nodeRed.admin('settings/user', { editor: { view: { 'view-show-tips': false } } });
    editor = await openEditorOf(nodeRed.url);
    await editor.showDebug();
  });

  after(async () => {
    await editor?.page.context().close();
    const ended = new Promise((done) => program.once('exit', done));
    program.kill('SIGTERM');
    await ended;
    rmSync(userDir, { recursive: true, force: true });
  });

  it('the first click on each journey works', async () => {
    await editor.showFlow('Service token');
    await editor.node('Call the API').press();
    await editor.node('attach bearer').status(VALID);
    await editor.debug('API answered').getByText('"practice"').first().waitFor();
    await editor.clearDebug();

    await editor.showFlow('Sign-in with a code');
    await editor.node('Sign in').press();
    await editor.node('Submit the code').status(VALID);
    assert.equal(await editor.valueIn(editor.debug('Signed in'), ['state']), '"signed-in"');
    await editor.node('Sign in').press();
    await editor.debug('Nothing sent').getByText('Nothing was sent: a user gets one code').waitFor();
    await editor.clearDebug();

    await editor.showFlow('Sign-in with a link');
    await editor.node('Sign in').press();
    await editor.node('Send the link by email').status(VALID);
    assert.equal(await editor.valueIn(editor.debug('Signed in'), ['user']), '"link"');
    await editor.clearDebug();

    await editor.showFlow('Stay signed in');
    await editor.node('Call the API').press();
    await editor.node('attach bearer').status(VALID);
    await editor.debug('API answered').getByText('"practice"').first().waitFor();
  });
});

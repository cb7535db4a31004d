import assert from 'node:assert/strict';
import { allThatThePageKnows, openEditor } from '../support/browser.ts';
import type { Editor } from '../support/editor.ts';
import { describePictures } from '../support/pictures.ts';
import { TOKENS } from '../support/practice-tokens.ts';

const VALID = /^practice: valid until \d\d:\d\d$/;

describe('A journey, imported as an example and started by a click', () => {
  let editor: Editor;

  before(async () => {
    editor = await openEditor();
    await editor.showDebug();
  });

  /** Imports an example and deploys it. Earlier examples stay, as for a person who tries one after the other. */
  async function begin(file: string, flow: string): Promise<void> {
    await editor.importExample(file, flow);
    await editor.deploy();
    await editor.clearDebug();
  }

  afterEach('no token is anywhere in the browser', async () => {
    assert.doesNotMatch(await allThatThePageKnows(editor), TOKENS);
  });

  it('service token', async () => {
    await begin('01 - Call an API with a VGS service token', 'Service token');
    await editor.node('Call the API').press();
    await editor.node('attach bearer').status(VALID);
    await editor.debug('API answered').getByText('"practice"').first().waitFor();

    await editor.node('Get a token').press();
    await editor.node('get VGS token').status(VALID);
    assert.equal(await editor.valueIn(editor.debug('The token'), ['access_token']), '"[redacted]"');
  });

  it('sign-in with a code', async () => {
    await begin('02 - Sign a person in with a code', 'Sign-in with a code');
    await editor.node('Sign in').press();
    await editor.node('Submit the code').status(VALID);
    // The challenge was answered, and the code was used, so neither is shown any more.
    await editor.node('VG login').status(VALID);
    await editor.node('Choose the code by SMS').status(VALID);
    assert.equal(await editor.valueIn(editor.debug('Signed in'), ['state']), '"signed-in"');
  });

  it('sign-in with a link', async () => {
    await begin('03 - Sign a person in with a link', 'Sign-in with a link');
    await editor.node('Sign in').press();
    await editor.node('Send the link by email').status(VALID);
    assert.equal(await editor.valueIn(editor.debug('Signed in'), ['user']), '"link"');
  });

  it('stay signed in', async () => {
    await begin('04 - Stay signed in', 'Stay signed in');
    await editor.node('Call the API').press();
    await editor.node('attach bearer').status(VALID);
    await editor.debug('API answered').waitFor();
    await editor.node('Sign out').press();
    await editor.node('VG logout').status('practice: signed out');
    assert.equal(await editor.valueIn(editor.debug('Signed out'), ['state']), '"signed-out"');
  });

  describe('The pictures of the documentation', () => {
    before('the last journey is at work again', async () => {
      await editor.node('Call the API').press();
      await editor.node('attach bearer').status(VALID);
    });

    describePictures(() => editor);
  });
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findJava } from '../support/jdk.ts';

describe('the Java for Keycloak', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'vg-auth-jdk-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const install = (name: string, version: string): string => {
    const home = path.join(folder, name);
    mkdirSync(path.join(home, 'bin'), { recursive: true });
    writeFileSync(path.join(home, 'bin', 'java'), '');
    writeFileSync(path.join(home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
    return home;
  };

  it('is the one in JAVA_HOME', () => {
    install('newest', '25.0.3');
    const home = install('chosen', '21.0.1');
    assert.equal(findJava({ JAVA_HOME: home }, [folder]), home);
  });

  it('is the newest one if JAVA_HOME is not set, or names an older one', () => {
    const old = install('a-old', '17.0.15');
    const newest = install('b-newest', '25');
    install('c-new', '21.0.1');
    assert.equal(findJava({}, [folder]), newest);
    assert.equal(findJava({ JAVA_HOME: old }, [folder]), newest);
  });

  it('is found behind the link in the PATH', () => {
    const home = install('java-21', '21.0.1');
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(path.join(home, 'bin', 'java'), path.join(bin, 'java'));
    assert.equal(findJava({ PATH: ['/nowhere', bin].join(path.delimiter) }, []), home);
  });

  it('is reported as missing, with what to install', () => {
    assert.throws(() => findJava({}, [folder]), /needs Java 21 or later, and none was found\. Install a JDK of 21/);
    const old = install('old', '1.8.0_402');
    install('newer', '17.0.15');
    assert.throws(
      () => findJava({ JAVA_HOME: old }, [folder]),
      /the newest Java that was found is 17, in .*newer\. Install a JDK/,
    );
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A key and its certificate, as PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** A private certificate authority and its certificates. */
export interface Certificates {
  /** The authority's certificate, as PEM. */
  ca: string;
  /** For `localhost`. */
  server: KeyPair;
  /** For `elsewhere.test`. */
  wrongName: KeyPair;
  /** For `localhost`, until yesterday. */
  expired: KeyPair;
  /** For the client `flow`. */
  client: KeyPair;
}

let made: Certificates | undefined;

/** Creates the certificates of this test run, once, with the `openssl` command. */
export function certificates(): Certificates {
  made ??= make();
  return made;
}

let others: Certificates | undefined;

/** The certificates of another authority, with the same names. */
export function otherCertificates(): Certificates {
  others ??= make();
  return others;
}

/** A PFX file with a key and its certificate. */
export function pfxOf({ key, cert }: KeyPair, passphrase: string): Buffer {
  const dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-pfx-'));
  try {
    writeFileSync(path.join(dir, 'key'), key);
    writeFileSync(path.join(dir, 'cert'), cert);
    const args = ['pkcs12', '-export', '-inkey', 'key', '-in', 'cert', '-passout', `pass:${passphrase}`];
    return execFileSync('openssl', args, { cwd: dir });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function make(): Certificates {
  const dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-certificates-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  };
  const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const pair = (name: string, commonName: string, days: string): KeyPair => {
    writeFileSync(path.join(dir, `${name}.ext`), `subjectAltName=DNS:${commonName}\n`);
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${commonName}`);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.crt`, '-days', days, '-extfile', `${name}.ext`],
    );
    return { key: read(`${name}.key`), cert: read(`${name}.crt`) };
  };
  try {
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=Test CA');
    return {
      ca: read('ca.crt'),
      server: pair('server', 'localhost', '2'),
      wrongName: pair('wrong', 'elsewhere.test', '2'),
      expired: pair('expired', 'localhost', '-1'),
      client: pair('client', 'flow', '2'),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

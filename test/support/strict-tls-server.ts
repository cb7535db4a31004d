import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KeyPair } from './certificates.ts';

/**
 * `openssl s_server` that refuses clients without a certificate by a TLS alert, as most servers do.
 * (A server of node:tls cuts the connection instead.)
 */
export async function serveStrictTls(pair: KeyPair, ca: string): Promise<{ port: number; close(): Promise<void> }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-strict-'));
  for (const [name, text] of Object.entries({ key: pair.key, crt: pair.cert, ca }))
    writeFileSync(path.join(dir, name), text);
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'crt', '-key', 'key', '-CAfile', 'ca'];
  const server = spawn('openssl', [...args, '-tls1_3', '-Verify', '1', '-verify_return_error'], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const port = await portOf(server);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.once('close', () => {
          rmSync(dir, { recursive: true, force: true });
          resolve();
        });
        server.kill();
      }),
  };
}

function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.once('error', reject);
    server.stdout?.on('data', (chunk) => {
      text += chunk;
      const port = /ACCEPT \S+:(\d+)/.exec(text)?.[1];
      if (port) resolve(Number(port));
    });
  });
}

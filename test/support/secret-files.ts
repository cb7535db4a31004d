import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

afterEach('no file with a secret is left', () => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A directory that exists until the test is over. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'vg-auth-secrets-'));
  made.push(dir);
  return dir;
}

/** Secrets as Docker mounts them: one file each, in `/run/secrets`. */
export class DockerSecrets {
  readonly #dir = temporaryDirectory();

  /** Writes a secret. @returns the path of its file */
  write(name: string, value: string | Uint8Array): string {
    const path = join(this.#dir, name);
    writeFileSync(path, value, { mode: 0o440 });
    return path;
  }

  remove(name: string): void {
    rmSync(join(this.#dir, name));
  }
}

/**
 * A secret volume as Kubernetes writes it: the files are in a directory with a time in its name, `..data` is a symbolic link
 * to that, and each key is a symbolic link into `..data`. An update writes another directory and replaces the link
 * `..data` by a rename.
 */
export class KubernetesVolume {
  readonly #dir = temporaryDirectory();
  #update = 0;

  constructor(secrets: Record<string, string>) {
    this.update(secrets);
    for (const name of Object.keys(secrets)) symlinkSync(join('..data', name), join(this.#dir, name));
  }

  pathOf(name: string): string {
    return join(this.#dir, name);
  }

  update(secrets: Record<string, string>): void {
    this.#update += 1;
    const version = `..2026_01_02_12_00_0${this.#update}.123456789`;
    mkdirSync(join(this.#dir, version), { mode: 0o755 });
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(this.#dir, version, name), value);
    symlinkSync(version, join(this.#dir, '..data_tmp'));
    renameSync(join(this.#dir, '..data_tmp'), join(this.#dir, '..data'));
    if (this.#update > 1)
      rmSync(join(this.#dir, `..2026_01_02_12_00_0${this.#update - 1}.123456789`), { recursive: true });
  }
}

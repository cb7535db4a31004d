import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificates } from './certificates.ts';
import { freePort } from './free-port.ts';

/** How long a start may take, in ms: 20 s on an idle machine, and several times that on a busy one. */
const PATIENCE = 600_000;

/** Options for a fast start: less is compiled, and one thread collects garbage. */
const JAVA_OPTIONS =
  '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms128m -Xmx512m -XX:+ExitOnOutOfMemoryError -Dfile.encoding=UTF-8';

/**
 * Runs a command, and ends it and its child processes when the standard input closes, that is, when the tests end for
 * any reason: `kc.sh` starts Java as a child. If the command ends first, everything ends.
 */
const UNTIL_INPUT_ENDS = '("$@"; kill -9 0) < /dev/null & cat > /dev/null; kill -9 0';

/** The administrator of the realm `master`. */
export interface Administrator {
  username: string;
  password: string;
}

/** A Keycloak process with a database of its own, on loopback. */
export class KeycloakProcess {
  readonly administrator: Administrator = { username: 'admin', password: randomBytes(24).toString('base64url') };
  readonly #home: string;
  readonly #java: string;
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'vg-auth-keycloak-'));
  #ports: { http: number; https: number } | undefined;
  #child: ChildProcess | undefined;

  /**
   * @param home a Keycloak
   * @param java the home of a Java
   */
  constructor(home: string, java: string) {
    this.#home = home;
    this.#java = java;
    process.on('exit', this.#killNow);
  }

  /** `http://127.0.0.1:PORT/auth` */
  get url(): string {
    return `http://127.0.0.1:${this.#ports?.http}/auth`;
  }

  /** `https://localhost:PORT/auth`, with a certificate of the authority of `certificates()` */
  get secureUrl(): string {
    return `https://localhost:${this.#ports?.https}/auth`;
  }

  /**
   * Starts it, on the same ports and with the same data as before, and waits until it answers.
   *
   * @throws Error with its output, if it ends or takes too long
   */
  async start(): Promise<void> {
    await this.#launch('Listening on:');
  }

  /** Starts it only until it has built itself for its options, which are the same at each start. */
  async build(): Promise<void> {
    await this.#launch('Running the server in development mode');
  }

  /** Ends it, as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    this.#killNow();
    await exit;
  }

  /** Ends it and deletes its data. */
  async end(): Promise<void> {
    await this.kill();
    process.off('exit', this.#killNow);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The process group is Java, `kc.sh` and the shell that watches them. */
  readonly #killNow = (): void => {
    const child = this.#child;
    if (child?.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  };

  async #launch(readyWhen: string): Promise<void> {
    this.#ports ??= { http: await freePort(), https: await freePort() };
    const command = ['sh', path.join(this.#home, 'bin', 'kc.sh'), 'start-dev', ...this.#options(this.#ports)];
    const child = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...command], {
      cwd: this.#dir,
      detached: true,
      env: this.#environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => {
        this.#killNow();
        reject(new Error(`${what}. It printed:\n${said.slice(-4_000)}`));
      };
      const timer = setTimeout(() => fail(`Keycloak was not ready after ${PATIENCE / 1000} s`), PATIENCE);
      const hear = (chunk: Buffer): void => {
        said = (said + chunk).slice(-100_000);
        if (!said.includes(readyWhen)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('error', (error) => fail(`Keycloak could not be started: ${error.message}`));
      child.once('exit', () => {
        clearTimeout(timer);
        fail('Keycloak ended');
      });
    });
  }

  #options({ http, https }: { http: number; https: number }): string[] {
    const made = certificates();
    const file = (name: string, content: string): string => {
      writeFileSync(path.join(this.#dir, name), content, { mode: 0o600 });
      return path.join(this.#dir, name);
    };
    return [
      '--http-relative-path=/auth',
      '--http-host=127.0.0.1',
      `--http-port=${http}`,
      `--https-port=${https}`,
      `--https-certificate-file=${file('server.crt', made.server.cert)}`,
      `--https-certificate-key-file=${file('server.key', made.server.key)}`,
      '--https-client-auth=request',
      `--https-trust-store-file=${file('ca.pem', made.ca)}`,
      `--db-url=jdbc:h2:file:${path.join(this.#dir, 'keycloak')};NON_KEYWORDS=VALUE`,
      '--log-level=warn,io.quarkus:info,org.keycloak.quarkus:info',
    ];
  }

  /** The variables of this process except those that change the behavior of Keycloak. */
  #environment(): NodeJS.ProcessEnv {
    const others = Object.entries(process.env).filter(([name]) => !/^(KC_|KEYCLOAK_|QUARKUS_|JAVA_|JDK_)/.test(name));
    return {
      ...Object.fromEntries(others),
      JAVA_HOME: this.#java,
      JAVA_OPTS: JAVA_OPTIONS,
      KC_BOOTSTRAP_ADMIN_USERNAME: this.administrator.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: this.administrator.password,
    };
  }
}

/** Builds a Keycloak for the options of `KeycloakProcess`, so that it starts in half of the time. */
export async function buildKeycloak(home: string, java: string): Promise<void> {
  const keycloak = new KeycloakProcess(home, java);
  try {
    await keycloak.build();
  } finally {
    await keycloak.end();
  }
}

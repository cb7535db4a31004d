import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT } from '../../scripts/project.ts';
import { codeOf, readPage } from '../support/pages.ts';

const PACKAGE = '@vg-auth/node-red-vg-auth';
const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
const programs = codeOf(readPage('docs/engine.md'), 'ts');
/** What each program of docs/engine.md prints. */
const PRINTED = [
  /^a token for cards:write .*\{\n? *access_token: '\[redacted\]'/,
  /^offered: .*SMS.*\nall got 200\nrevoked: \[ 'refresh_token' \]\n$/,
  /^the API answered 200\n$/,
];
/** A mistake in a program, and the compiler error that it must cause. */
const MISTAKES: [string, RegExp][] = [
  ["import { createVgsAccount } from 'ENGINE'; createVgsAccount({ clientID: 'x' });", /clientID/],
  [
    "import { createVgsAccount } from 'ENGINE'; const { token } = await createVgsAccount({}).token(); token.scope;",
    /undefined/,
  ],
  ["import { Engine } from 'ENGINE'; new Engine();", /no exported member/],
  ["import { Engine } from '@vg-auth/node-red-vg-auth/src/engine.js'; new Engine();", /Cannot find module/],
];

describe('the library', () => {
  let folder: string;

  before('the package is packed, and installed beside a program', async function () {
    this.timeout(240_000);
    folder = mkdtempSync(join(tmpdir(), 'vg-auth-library-'));
    run(['--import', 'tsx', join(PROJECT, 'scripts/build-types.ts')], PROJECT);
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: PROJECT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as { filename: string }[];
    const installed = join(folder, 'node_modules', PACKAGE);
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', installed, '--strip-components', '1']);
    for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
      mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
      symlinkSync(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name));
    }
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      // The shipped types are checked, too.
      skipLibCheck: false,
      types: ['node'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'program', private: true, type: 'module' }));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is shown in docs/engine.md with programs that compile and run with the packed package', async function () {
    this.timeout(240_000);
    assert.equal(programs.length, PRINTED.length);
    for (const [index, code] of programs.entries()) writeFileSync(join(folder, `program-${index}.ts`), code);
    assert.equal(compile(folder), '');
    for (const [index, printed] of PRINTED.entries()) {
      const output = run([`program-${index}.js`], folder);
      assert.match(output, printed, programs[index]);
      assert.doesNotMatch(output, /access_token: '(?!\[redacted\])/);
      rmSync(join(folder, `program-${index}.ts`));
    }
  });

  it('lets the compiler find mistakes, and exports nothing else of the package', async function () {
    this.timeout(240_000);
    for (const [code, complaint] of MISTAKES) {
      writeFileSync(join(folder, 'mistake.ts'), code.replace('ENGINE', `${PACKAGE}/engine`));
      assert.match(compile(folder), complaint, code);
    }
    rmSync(join(folder, 'mistake.ts'));
    const hidden = `await import('${PACKAGE}/src/engine.js')`;
    assert.match(
      spawnSync(process.execPath, ['--input-type=module', '-e', hidden], { cwd: folder, encoding: 'utf8' }).stderr,
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  it('can be loaded by a CommonJS program, and exports package.json', () => {
    const code = `const { createVgsAccount, AuthError } = require('${PACKAGE}/engine');
      try { createVgsAccount({ clientId: 'x' }); } catch (error) { console.log(error instanceof AuthError, error.code); }
      console.log(require('${PACKAGE}/package.json').name);`;
    assert.equal(run(['--input-type=commonjs', '-e', code], folder), `true AUTH_CONFIG\n${PACKAGE}\n`);
  });
});

/** @returns the messages of the compiler; empty if there are none */
function compile(folder: string): string {
  const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' }).stdout;
}

function run(args: string[], cwd: string): string {
  return execFileSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 200_000,
  });
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PROJECT } from '../../scripts/project.ts';
import { type NodeRedVersion, runsOn } from '../../scripts/versions.ts';

interface Step {
  run?: string;
}

interface Job {
  strategy?: { matrix: { include: { node: number; 'node-red': NodeRedVersion; name: string }[] } };
  steps: Step[];
}

const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const { jobs } = parse(read('.github/workflows/test.yml')) as { jobs: Record<string, Job> };
const pairs = jobs.nodes?.strategy?.matrix.include ?? [];

describe('the workflow of the public CI', () => {
  it("runs the pairs of the README's table, and no other", () => {
    const lines = read('README.md').split('\n');
    const head = lines.findIndex((line) => /^\| +\| Node\.js/.test(line));
    const cells = (line = ''): string[] =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
    const majors = cells(lines[head]).map((cell) => cell.replace('Node.js ', ''));
    const promised = [lines[head + 2], lines[head + 3]].flatMap((line) => {
      const [name = '', ...answers] = cells(line);
      return answers.flatMap((answer, index) => (answer === 'yes' ? [`${name} on ${majors[index + 1]}`] : []));
    });
    assert.equal(promised.length, 6);
    assert.deepEqual(pairs.map(({ name, node }) => `Node-RED ${name} on ${node}`).sort(), promised.sort());
  });

  it('names the version of each Node-RED, on a Node.js version that it supports', () => {
    for (const { node, name, 'node-red': version } of pairs) {
      assert.ok(runsOn(version, `v${node}.99.0`), `${version} on ${node}`);
      const installed = JSON.parse(read(`node_modules/${version}/package.json`)) as { version: string };
      assert.ok(installed.version.startsWith(`${name}.`), `${version} is ${installed.version}`);
    }
    const left = [20, 22, 24, 26].flatMap((node) =>
      (['node-red', 'node-red-5'] as const)
        .filter((version) => runsOn(version, `v${node}.99.0`))
        .filter((version) => !pairs.some((pair) => pair.node === node && pair['node-red'] === version))
        .map((version) => `${version} on ${node}`),
    );
    assert.deepEqual(left, []);
  });

  it('runs only commands that exist, and every one that .ci/run has', () => {
    const scripts = (text: string): string[] =>
      [...text.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, script]) => script ?? '');
    const run = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => scripts(step.run ?? '')));
    for (const script of run) assert.ok(script in manifest.scripts || ['ci', 'audit'].includes(script), script);
    // There, each pair, each server and the editor is a job of its own.
    const apart = ['test:editor', 'test:redis', 'test:prometheus', 'test:keycloak'];
    const own = scripts(read('.ci/run')).flatMap((script) => (script === 'test:apart' ? apart : [script]));
    for (const script of own)
      if (script !== 'test') assert.ok(run.includes(script), `${script} is missing in the workflow`);
  });
});

describe('the workflow of a release', () => {
  const text = read('.github/workflows/release.yml');
  const release = parse(text) as {
    on: { push: { tags: string[] } };
    jobs: { publish: { permissions: Record<string, string>; steps: Step[] } };
  };

  it('publishes from a tag, by trusted publishing, without a stored token', () => {
    assert.deepEqual(release.on.push, { tags: ['v*'] });
    assert.equal(release.jobs.publish.permissions['id-token'], 'write');
    assert.equal(release.jobs.publish.steps.at(-1)?.run, 'npm publish');
    assert.doesNotMatch(text, /secrets\.|NODE_AUTH_TOKEN|registry/);
  });

  it('tests before it publishes, with commands that exist', () => {
    const commands = release.jobs.publish.steps.map(({ run = '' }) => run);
    for (const command of ['npm test', 'npm run check:package'])
      assert.ok(commands.indexOf(command) >= 0 && commands.indexOf(command) < commands.length - 1, command);
  });
});

describe('the forms for issues', () => {
  const folder = '.github/ISSUE_TEMPLATE';
  for (const file of readdirSync(join(PROJECT, folder)).filter((each) => each !== 'config.yml')) {
    it(`have what GitHub needs: ${file}`, () => {
      const form = parse(read(`${folder}/${file}`)) as {
        name: string;
        description: string;
        body: { type: string; id?: string }[];
      };
      assert.ok(form.name && form.description);
      const fields = form.body.filter(({ type }) => type !== 'markdown');
      const ids = fields.map(({ id }) => id);
      assert.ok(ids.length > 0 && ids.every(Boolean));
      assert.equal(new Set(ids).size, ids.length);
      for (const { type } of fields) assert.match(type, /^(textarea|input|dropdown|checkboxes)$/);
    });
  }
});

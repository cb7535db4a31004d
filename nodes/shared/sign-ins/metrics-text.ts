import type { NodeAPI } from 'node-red';
import type { Metrics } from '../../../src/oauth/metrics.ts';
import { VgsAccount } from '../../../src/vgs/account.ts';
import { VisualGuardServer } from '../../../src/visual-guard/server.ts';
import type { ConnectionNode } from '../config/connection-node.ts';
import { deployedNodes } from '../config/deployed.ts';
import { type Account, accountOf, isAccount } from './account.ts';

const STATES: readonly Account['state'][] = [
  'unused',
  'valid',
  'renewing',
  'refused',
  'needs-human',
  'failing',
  'misconfigured',
];

/** A value with its labels. */
interface Sample {
  /** The suffix of the family's name. */
  suffix?: '_sum' | '_count';
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A family of values, in the text format of Prometheus. */
interface Family {
  name: string;
  type: 'gauge' | 'counter' | 'summary';
  help: string;
  samples: Sample[];
}

/** The measured values of one account. */
interface Measured {
  labels: Record<string, string>;
  account: Account;
  metrics: Metrics | undefined;
  server: VisualGuardServer | undefined;
}

/** All metrics of this Node-RED in the text format of Prometheus. User names are in none of them. */
export function metricsText(RED: NodeAPI): string {
  const nodes = deployedNodes(RED);
  const all = nodes.filter(isAccount).map((node) => measure(RED, node));
  const stores = nodes.filter(({ type }) => type === 'auth-store');
  return [...accountFamilies(all), ...requestFamilies(all), ...serverFamilies(all), storeFamily(stores)]
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join('');
}

function measure(RED: NodeAPI, node: ConnectionNode<unknown>): Measured {
  const { connection } = node;
  const isOpen = connection instanceof VgsAccount || connection instanceof VisualGuardServer;
  return {
    labels: labelsOf(node),
    account: accountOf(RED, node),
    metrics: isOpen ? connection.metrics : undefined,
    server: connection instanceof VisualGuardServer ? connection : undefined,
  };
}

function labelsOf({ id, name, type }: ConnectionNode<unknown>): Record<string, string> {
  return { id, account: name || id, type };
}

function accountFamilies(all: readonly Measured[]): Family[] {
  return [
    gauge('vg_auth_account_ok', 'Whether messages get a token (1) or not (0).', all, ({ account }) =>
      Number(account.ok),
    ),
    {
      name: 'vg_auth_account_state',
      type: 'gauge',
      help: 'The state of the account: 1 for the state that it is in.',
      samples: all.flatMap(({ labels, account }) =>
        STATES.map((state) => ({ labels: { ...labels, state }, value: Number(account.state === state) })),
      ),
    },
    gauge(
      'vg_auth_token_valid_until_seconds',
      'When the token expires, in seconds since 1970.',
      all,
      ({ account }) => account.valid_until && account.valid_until / 1_000,
    ),
    gauge('vg_auth_messages_held', 'Messages on hold.', all, ({ account }) => account.waiting ?? 0),
  ];
}

function requestFamilies(all: readonly Measured[]): Family[] {
  return [
    {
      name: 'vg_auth_token_requests_total',
      type: 'counter',
      help: 'Token requests that have ended, by what they ended in.',
      samples: all.flatMap(({ labels, metrics }) =>
        [...(metrics?.outcomes ?? [])].map(([outcome, value]) => ({ labels: { ...labels, outcome }, value })),
      ),
    },
    {
      name: 'vg_auth_token_request_seconds',
      type: 'summary',
      help: 'How long token requests took, in seconds.',
      samples: all.flatMap(({ labels, metrics }) => (metrics ? timesOf(labels, metrics) : [])),
    },
    counter(
      'vg_auth_cache_hits_total',
      'Messages that got a token at once.',
      all,
      ({ metrics }) => metrics?.counts.hits,
    ),
    counter('vg_auth_waits_total', 'Messages that waited for a token.', all, ({ metrics }) => metrics?.counts.waits),
  ];
}

function timesOf(labels: Sample['labels'], { requestTime, outcomes }: Metrics): Sample[] {
  const count = [...outcomes.values()].reduce((sum, each) => sum + each, 0);
  return [
    { suffix: '_sum', labels, value: requestTime / 1_000 },
    { suffix: '_count', labels, value: count },
  ];
}

function serverFamilies(all: readonly Measured[]): Family[] {
  const servers = all.filter(({ server }) => server !== undefined);
  return [
    gauge('vg_auth_sessions', 'Open sessions.', servers, ({ server }) => server?.openSessions().length),
    gauge('vg_auth_challenges', 'Open challenges.', servers, ({ server }) => server?.openChallenges),
    counter(
      'vg_auth_evictions_total',
      'Sessions and challenges that made room for others.',
      servers,
      ({ metrics }) => metrics?.evictions,
    ),
  ];
}

function storeFamily(stores: readonly ConnectionNode<unknown>[]): Family {
  const samples = stores.map((node) => ({
    labels: labelsOf(node),
    value: Number((node.connection as { state?: { at: string } } | undefined)?.state?.at === 'ready'),
  }));
  return {
    name: 'vg_auth_store_up',
    type: 'gauge',
    help: 'Whether the session store can be reached (1) or not (0).',
    samples,
  };
}

type Read = (measured: Measured) => number | undefined;

function gauge(name: string, help: string, all: readonly Measured[], read: Read): Family {
  return { name, type: 'gauge', help, samples: samplesOf(all, read) };
}

function counter(name: string, help: string, all: readonly Measured[], read: Read): Family {
  return { name, type: 'counter', help, samples: samplesOf(all, read) };
}

function samplesOf(all: readonly Measured[], read: Read): Sample[] {
  return all.flatMap((measured) => {
    const value = read(measured);
    return value === undefined ? [] : [{ labels: measured.labels, value }];
  });
}

function textOf({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ suffix = '', labels, value }) => `${name}${suffix}{${labelText(labels)}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escapeLabel(value)}"`)
    .join(',');
}

/** Escapes a label as the text format of Prometheus requires. A name can have any characters. */
function escapeLabel(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(/\r?\n|\r/g, '\\n');
}

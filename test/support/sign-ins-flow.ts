const practice = (id: string, type: string, credentials = {}): object => ({
  id,
  type,
  name: `The ${id}`,
  practice: true,
  credentials,
});
/** Accounts and servers in every state, each with a button that requests its token. */
export const FLOW = [
  { id: 'tab', type: 'tab', label: 'sign-ins' },
  practice('good', 'vgs-account'),
  practice('bad', 'vgs-account', { clientId: 'practice', clientSecret: 'THE-WRONG-SECRET' }),
  practice('robot', 'vg-server', { username: 'sms', password: 'practice' }),
  practice('linked', 'vg-server', { username: 'link', password: 'practice' }),
  practice('open', 'vg-server', { username: 'plain', password: 'practice' }),
  { id: 'people', type: 'vg-server', name: 'The people', url: 'https://identity.example', applicationId: 'app' },
  { id: 'empty', type: 'vgs-account', name: 'The empty' },
  ...['good', 'bad'].flatMap((id) => [
    { id: `ask-${id}`, z: 'tab', x: 0, y: 0, type: 'inject', props: [], wires: [[`get-${id}`]] },
    { id: `get-${id}`, z: 'tab', x: 0, y: 0, type: 'vgs-token', account: id, wires: [[], []] },
  ]),
  ...['robot', 'linked', 'open'].flatMap((id) => [
    { id: `ask-${id}`, z: 'tab', x: 0, y: 0, type: 'inject', props: [], wires: [[`attach-${id}`]] },
    { id: `attach-${id}`, z: 'tab', x: 0, y: 0, type: 'attach-bearer', source: 'vg', server: id, wires: [[], []] },
  ]),
];

/** Has a character of every kind that a form or a URL encodes. */
export const SECRET = 'CANARY+pass word&ü=%5B]';
/** The same, encoded as in a form or a URL. */
export const FORM = encodeURIComponent(SECRET);

/** The rest of a request. */
export interface Left {
  payload?: unknown;
  body?: unknown;
  query: unknown;
  url: string;
  originalUrl: string;
  /** `msg.req`, as a console prints it */
  printed: string;
}

export interface Case {
  title: string;
  /** The property that the node reads, as the dialog stores it. */
  property: string;
  node?: 'vg-mfa';
  method?: 'GET' | 'POST';
  query?: string;
  type?: string;
  body?: string | FormData;
  left: Partial<Left>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** The requests in which a password or code can arrive, and the rest of each that must be kept. */
export const CASES: readonly Case[] = [
  {
    title: 'JSON',
    property: 'payload.password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: 'plain', password: SECRET, remember: true }),
    left: { body: { user: 'plain', remember: true } },
  },
  {
    title: 'JSON, by a path with brackets',
    property: 'payload["user"].password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: { name: 'plain', password: SECRET } }),
    left: { body: { user: { name: 'plain' } } },
  },
  {
    title: 'JSON, by a path that the message names',
    property: 'payload[msg.payload.which]',
    type: JSON_TYPE,
    body: JSON.stringify({ which: 'secret', secret: SECRET }),
    left: { body: { which: 'secret' } },
  },
  {
    title: 'JSON, as an element of an array',
    property: 'payload.codes[0]',
    node: 'vg-mfa',
    type: JSON_TYPE,
    body: JSON.stringify({ codes: ['twice', 'next', 'twice'] }),
    left: { body: { codes: ['next', 'twice'] } },
  },
  {
    title: 'JSON, as a number',
    property: 'payload.code',
    node: 'vg-mfa',
    type: JSON_TYPE,
    body: JSON.stringify({ code: 12345678, note: 'a' }),
    left: { body: { note: 'a' } },
  },
  {
    title: 'JSON, as a value that is no password',
    property: 'payload.password',
    type: JSON_TYPE,
    body: JSON.stringify({ password: { value: [SECRET] }, user: 'plain' }),
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form',
    property: 'payload.password',
    type: FORM_TYPE,
    body: `user=plain&password=${FORM}`,
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form with nested names',
    property: 'payload.login.password',
    type: FORM_TYPE,
    body: `login[user]=plain&login%5Bpassword%5D=${FORM}`,
    left: { body: { login: { user: 'plain' } } },
  },
  {
    title: 'a form with files',
    property: 'payload.password',
    body: formData({ user: 'plain', password: SECRET }),
    left: { body: { user: 'plain' } },
  },
  {
    title: 'a form, also in its address',
    property: 'payload.password',
    query: `?password=${FORM}&next=%2Fhome`,
    type: FORM_TYPE,
    body: `user=plain&password=${FORM}`,
    left: { body: { user: 'plain' }, query: { next: '/home' }, url: '?next=%2Fhome' },
  },
  {
    title: 'a text',
    property: 'payload',
    node: 'vg-mfa',
    type: 'text/plain',
    body: SECRET,
    left: { body: undefined },
  },
  {
    title: 'a query',
    property: 'payload.password',
    method: 'GET',
    query: `?user=plain&password=${FORM}&next=%2fhome+page&empty`,
    left: {
      query: { user: 'plain', next: '/home page', empty: '' },
      url: '?user=plain&next=%2fhome+page&empty',
    },
  },
  {
    title: 'a query with nothing else',
    property: 'payload.code',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=${FORM}`,
    left: { query: {}, url: '' },
  },
  {
    title: 'a query with encoded and nested names',
    property: 'payload.login.pass_word',
    method: 'GET',
    query: `?login%5bpass%5Fword%5D=${FORM}&login[user]=plain`,
    left: { query: { login: { user: 'plain' } }, url: '?login[user]=plain' },
  },
  {
    title: 'a query with an array',
    property: 'payload.code[1]',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=first&code=${FORM}&codes[]=other`,
    left: { query: { code: ['first'], codes: ['other'] }, url: '?code=first&codes[]=other' },
  },
  {
    title: 'a query that names a code twice',
    property: 'payload.code',
    node: 'vg-mfa',
    method: 'GET',
    query: `?code=first&code=${FORM}&page=1`,
    left: { query: { page: '1' }, url: '?page=1' },
  },
  {
    title: 'a query, read from the request',
    property: 'req.query.password',
    method: 'GET',
    query: `?user=plain&password=${FORM}`,
    left: { query: { user: 'plain' }, url: '?user=plain' },
  },
  {
    title: 'a body, read from the request',
    property: 'req.body.password',
    type: JSON_TYPE,
    body: JSON.stringify({ user: 'plain', password: SECRET }),
    left: { body: { user: 'plain' } },
  },
];

function formData(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

import { createRequire } from 'node:module';
import type { NodeRed } from './node-red.ts';

const bcrypt = createRequire(import.meta.url)('bcryptjs') as { hashSync(text: string, rounds: number): string };

/** The password of each user. */
export const ADMIN_PASSWORD = 'pass';

/** The response of a route of the admin API. */
export interface AdminAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the body is JSON of many shapes.
  body: any;
  text: string;
  headers: Headers;
}

export interface AdminRequest {
  /** A request with a body is a POST. */
  body?: unknown;
  /** A user of the editor; anybody else sends no token. */
  as?: string;
  headers?: Record<string, string>;
}

/** The `adminAuth` of settings.js. @param users the permissions of each user of the editor */
export function adminAuth(users: Readonly<Record<string, string>>): object {
  const password = bcrypt.hashSync(ADMIN_PASSWORD, 4);
  return {
    type: 'credentials',
    users: Object.entries(users).map(([username, permissions]) => ({ username, password, permissions })),
  };
}

/** Calls the admin API of a Node-RED with `adminAuth`, each time as one of its users. */
export class AdminUsers {
  /** The text of each response. */
  readonly answers: string[] = [];
  readonly #nodeRed: NodeRed;
  readonly #tokens: Record<string, string> = {};

  private constructor(nodeRed: NodeRed) {
    this.#nodeRed = nodeRed;
  }

  /** Signs each user in. @param users as for `adminAuth` */
  static async signIn(nodeRed: NodeRed, users: Readonly<Record<string, string>>): Promise<AdminUsers> {
    const all = new AdminUsers(nodeRed);
    for (const [username, scope] of Object.entries(users)) {
      const body = { client_id: 'node-red-admin', grant_type: 'password', scope, username, password: ADMIN_PASSWORD };
      const answer = (await nodeRed.admin('auth/token', body)) as { access_token: string };
      all.#tokens[username] = answer.access_token;
    }
    return all;
  }

  /** The header of a user, or none for anybody else. */
  headersOf(user: string): Record<string, string> {
    return user in this.#tokens ? { authorization: `Bearer ${this.#tokens[user]}` } : {};
  }

  async deploy(flows: object[], as = 'admin'): Promise<void> {
    await this.#nodeRed.admin('flows', { flows }, this.headersOf(as));
  }

  /** @param path below `vg-auth/` */
  async ask(path: string, { body, as = 'admin', headers = {} }: AdminRequest = {}): Promise<AdminAnswer> {
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${this.#nodeRed.url}vg-auth/${path}`, {
      ...post,
      headers: { ...type, ...this.headersOf(as), ...headers },
    });
    const text = await response.text();
    this.answers.push(text);
    return { status: response.status, body: jsonOf(text), text, headers: response.headers };
  }

  /** An account in the response of `GET vg-auth/accounts`. */
  async account(id: string): Promise<AdminAnswer['body']> {
    const { body } = await this.ask('accounts');
    return body.accounts.find((each: { id: string }) => each.id === id);
  }

  async inject(id: string, as = 'admin'): Promise<void> {
    await fetch(`${this.#nodeRed.url}inject/${id}`, { method: 'POST', headers: this.headersOf(as) });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A page as a browser received it. */
export interface Page {
  status: number;
  /** The headers of the last response, as lines. */
  headers: Headers;
  text: string;
  /** Every response before this one: redirects, and their cookies. */
  responses: { status: number; headers: Headers; text: string }[];
}

/** The parts of a form that matter here. */
interface Form {
  method: string;
  action: string;
  fields: Record<string, string>;
}

/** A simple browser for forms: it keeps cookies, follows redirects and sends the fields of forms. */
export class WebClient {
  readonly cookies = new Map<string, string>();
  readonly #origin: string;
  #page: Page | undefined;

  /** @param origin the address of Node-RED, with a slash at the end */
  constructor(origin: string) {
    this.#origin = origin;
  }

  get page(): Page {
    if (!this.#page) throw new Error('no page was opened');
    return this.#page;
  }

  /** The forms on the page. */
  get forms(): Form[] {
    return [...this.page.text.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', body = '']) => ({
      method: attribute(head, 'method') || 'get',
      action: attribute(head, 'action'),
      fields: Object.fromEntries(
        [...body.matchAll(/<input([^>]*)>/g)].map(([, input = '']) => [
          attribute(input, 'name'),
          attribute(input, 'value'),
        ]),
      ),
    }));
  }

  open(path: string): Promise<Page> {
    return this.load(path, { method: 'GET' });
  }

  /** Sends the first form of the page, with these values in its fields. */
  submit(values: Record<string, string> = {}): Promise<Page> {
    const form = this.forms[0];
    if (!form) throw new Error(`there is no form on the page: ${this.page.text}`);
    const known = Object.entries(values).filter(([name]) => name in form.fields);
    return this.post(form.action, { ...form.fields, ...Object.fromEntries(known) });
  }

  post(path: string, fields: Record<string, string>): Promise<Page> {
    return this.load(path, { method: 'POST', body: new URLSearchParams(fields) });
  }

  protected async load(path: string, init: RequestInit): Promise<Page> {
    const responses: Page['responses'] = [];
    let next = new URL(path, this.#origin);
    let request = init;
    for (let redirects = 0; redirects < 5; redirects += 1) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(next, { ...request, redirect: 'manual', headers: cookie ? { cookie } : {} });
      const { status, headers } = response;
      responses.push({ status, headers, text: await response.text() });
      this.#keepCookies(headers);
      const location = headers.get('location');
      if (!location) break;
      next = new URL(location, next);
      request = { method: 'GET' };
    }
    const last = responses.at(-1);
    if (!last) throw new Error('there was no response');
    this.#page = { ...last, responses };
    return this.#page;
  }

  #keepCookies(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

function attribute(text: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '';
}

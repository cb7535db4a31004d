import type { Page, Request } from 'playwright-core';

/** Replies of Node-RED that have not reached the page yet. */
export interface HeldReplies {
  /** The requests that wait for their reply. */
  readonly requests: readonly Request[];
  /** Lets all replies through, and waits until the page has handled them. */
  release(): Promise<void>;
}

/**
 * Holds the replies to all requests of a page whose URL matches, from now until `release`: a network can be that slow.
 *
 * @param url as for `page.route`, for example `**\/vg-auth/events?**`
 */
export async function holdReplies(page: Page, url: string): Promise<HeldReplies> {
  const requests: Request[] = [];
  let open = (): void => {};
  const gate = new Promise<void>((done) => {
    open = done;
  });
  await page.route(url, async (route) => {
    const response = await route.fetch();
    requests.push(route.request());
    await gate;
    await route.fulfill({ response });
  });
  return {
    requests,
    release: async () => {
      open();
      for (const request of requests) await (await request.response())?.finished();
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
      await page.unroute(url);
    },
  };
}

/** Waits for something that no message tells of. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 1_000) throw new Error(`it did not become true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

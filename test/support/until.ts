/** Waits for something that no message tells of: `patience` ms at least. */
export async function until(holds: () => boolean, patience = 30_000): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > patience / 5) throw new Error(`it did not become true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
